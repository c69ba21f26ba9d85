"use strict";
// The 3-D view of a report: quadratic cells, cut and coloured here, drawn by vtk.js.

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// ---- the cells: which triangles show, what a plane cuts, values inside a cell

class Cells {
  constructor(data, arrays) {
    Object.assign(this, data.tables, arrays);
    this.kind = data.kind;
    this.nodes = this.nodesOfCell;
    this.count = this.part.length;
  }

  // Triangles of faces between what shows and what does not: nodes and owners.
  skin(shows) {
    const nodes = [], owners = [];
    for (let n = 0; n < this.faces.length; n += 3) {
      const cell = this.faces[n], other = this.faces[n + 2];
      if (!shows(cell) || (other >= 0 && shows(other))) continue;
      for (const local of this.faceTriangles[this.faces[n + 1]]) {
        nodes.push(this.cells[cell * this.nodes + local]);
        if (nodes.length % 3 === 0) owners.push(cell);
      }
    }
    return { nodes, owners };
  }

  // How far each point is behind a plane; nothing is cut where it is negative.
  distances(cut) {
    const far = new Float32Array(this.points.length / 3);
    for (let n = 0; n < far.length; n += 1) far[n] = cut.sign * (this.points[3 * n + cut.axis] - cut.at);
    return far;
  }
}

// A soup of triangles: positions, one number at each corner, and the owner of each triangle.
class Soup {
  constructor() {
    this.positions = [];
    this.values = [];
    this.owners = [];
  }

  corner(cells, a, b, t, value) {
    const p = cells.points;
    for (let k = 0; k < 3; k += 1) this.positions.push((1 - t) * p[3 * a + k] + t * p[3 * b + k]);
    this.values.push((1 - t) * value(a) + t * value(b));
  }
}

// A polygon's corners behind the plane: pairs of nodes and the place between them.
function clipped(nodes, far) {
  const corners = [];
  nodes.forEach((a, n) => {
    const b = nodes[(n + 1) % nodes.length];
    if (far[a] <= 0) corners.push([a, a, 0]);
    if (far[a] <= 0 !== far[b] <= 0) corners.push([a, b, far[a] / (far[a] - far[b])]);
  });
  return corners;
}

function addPolygon(soup, cells, corners, owner, value) {
  for (let n = 1; n + 1 < corners.length; n += 1) {
    for (const [a, b, t] of [corners[0], corners[n], corners[n + 1]]) soup.corner(cells, a, b, t, value);
    soup.owners.push(owner);
  }
}

const SIDES = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

// What a plane cuts of a small tetrahedron: a triangle or a quadrilateral, its corners in order.
function crossed(nodes, far) {
  const found = SIDES.filter(([i, j]) => far[nodes[i]] <= 0 !== far[nodes[j]] <= 0);
  const corners = found.map(([i, j]) => {
    const a = nodes[i], b = nodes[j];
    return [a, b, far[a] / (far[a] - far[b])];
  });
  if (corners.length === 4) {
    // Neighbours in the polygon share a node of the tetrahedron.
    const share = (m, n) => found[m].some((node) => found[n].includes(node));
    const next = [1, 2, 3].filter((n) => share(0, n));
    const opposite = [1, 2, 3].find((n) => !next.includes(n));
    return [corners[0], corners[next[0]], corners[opposite], corners[next[1]]];
  }
  return corners;
}

// Everything to draw: the skin in front of the plane, the cut face, and lines where parts meet.
function carve(cells, shows, edgeShows, cut, valueOf) {
  const soup = new Soup(), lines = [];
  const far = cut ? cells.distances(cut) : null;
  const { nodes, owners } = cells.skin(shows);
  // Only edges of what can be seen: those inside would shine through where they are near the surface.
  const outside = new Uint8Array(cells.points.length / 3);
  for (const node of nodes) outside[node] = 1;
  owners.forEach((owner, n) => {
    const own = nodes.slice(3 * n, 3 * n + 3), value = valueOf(owner);
    if (!far || own.every((node) => far[node] <= 0)) addPolygon(soup, cells, own.map((a) => [a, a, 0]), owner, value);
    else if (own.some((node) => far[node] <= 0)) addPolygon(soup, cells, clipped(own, far), owner, value);
  });
  const place = ([a, b, t]) => [0, 1, 2].map((k) => (1 - t) * cells.points[3 * a + k] + t * cells.points[3 * b + k]);
  for (let n = 0; n < cells.edges.length; n += 3) {
    const [a, b, part] = cells.edges.subarray(n, n + 3);
    if (!edgeShows(part, outside[a] && outside[b])) continue;
    const corners = far ? clipped([a, b], far).slice(0, 2) : [[a, a, 0], [b, b, 0]];
    if (corners.length === 2) lines.push(...place(corners[0]), ...place(corners[1]));
  }
  if (far) {
    for (let cell = 0; cell < cells.count; cell += 1) {
      if (!shows(cell)) continue;
      const own = cells.cells.subarray(cell * cells.nodes, (cell + 1) * cells.nodes);
      let low = Infinity, high = -Infinity;
      for (const node of own) {
        low = Math.min(low, far[node]);
        high = Math.max(high, far[node]);
      }
      if (low > 0 || high <= 0) continue;
      const value = valueOf(cell);
      for (const local of cells.subTetrahedra) {
        addPolygon(soup, cells, crossed(local.map((node) => own[node]), far), cell, value);
      }
    }
    for (let n = 0; n < cells.faces.length; n += 3) {
      const cell = cells.faces[n];
      if (!edgeShows(cells.part[cell], true)) continue;
      const local = cells.faceTriangles[cells.faces[n + 1]];
      for (let k = 0; k < local.length; k += 3) {
        const own = [0, 1, 2].map((m) => cells.cells[cell * cells.nodes + local[k + m]]);
        const ends = clipped(own, far).filter(([a, b]) => a !== b);
        if (ends.length === 2) lines.push(...place(ends[0]), ...place(ends[1]));
      }
    }
  }
  return { soup, lines };
}

// The value of a nodal field in a cell at a point, by the cell's own quadratic functions where they are plain.
function valueInside(cells, cell, point, values, fallback) {
  if (cells.kind !== "wedge18") return fallback;
  const own = cells.cells.subarray(cell * 18, cell * 18 + 18), p = cells.points;
  const [x0, y0, x1, y1, x2, y2] = [0, 1, 2].flatMap((n) => [p[3 * own[n]], p[3 * own[n] + 1]]);
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  const b = ((point[0] - x0) * (y2 - y0) - (x2 - x0) * (point[1] - y0)) / area;
  const c = ((x1 - x0) * (point[1] - y0) - (point[0] - x0) * (y1 - y0)) / area;
  const a = 1 - b - c;
  const low = p[3 * own[0] + 2], high = p[3 * own[3] + 2], s = (point[2] - low) / (high - low);
  const planar = [a * (2 * a - 1), b * (2 * b - 1), c * (2 * c - 1), 4 * a * b, 4 * b * c, 4 * c * a];
  const upright = [(1 - s) * (1 - 2 * s), 4 * s * (1 - s), s * (2 * s - 1)];
  const order = [[0, 1, 2, 6, 7, 8], [12, 13, 14, 15, 16, 17], [3, 4, 5, 9, 10, 11]];
  let sum = 0;
  order.forEach((layer, k) => layer.forEach((node, n) => (sum += planar[n] * upright[k] * values[own[node]])));
  return sum;
}

// ---- the view

class Viewer {
  constructor(box, data, arrays) {
    this.box = box;
    this.data = data;
    this.cells = new Cells(data, arrays);
    this.fields = Object.fromEntries(data.fields.map((field) => [field.name, { ...field, values: arrays[field.name] }]));
    this.hidden = new Set();
    this.state = { field: data.fields[0].name, axis: "", at: 0.5, flip: false, stretch: data.stretch };
    this.find = (name) => box.querySelector(`[data-${name}]`);
    this.makeWindow();
    this.makeControls();
    this.rebuild();
    this.window.resize();
    this.look("corner");
    this.listen();
    box.dataset.ready = "yes";
  }

  makeWindow() {
    const { vtkGenericRenderWindow } = vtk.Rendering.Misc;
    const { vtkActor, vtkMapper } = vtk.Rendering.Core;
    this.window = vtkGenericRenderWindow.newInstance({ background: [1, 1, 1], listenWindowResize: false });
    this.window.setContainer(this.find("canvas"));
    this.renderer = this.window.getRenderer();
    this.renderer.setTwoSidedLighting(true);
    this.body = { actor: vtkActor.newInstance(), mapper: vtkMapper.newInstance() };
    this.edges = { actor: vtkActor.newInstance(), mapper: vtkMapper.newInstance() };
    this.mark = { actor: vtkActor.newInstance(), mapper: vtkMapper.newInstance() };
    this.sphere = vtk.Filters.Sources.vtkSphereSource.newInstance({ thetaResolution: 16, phiResolution: 16 });
    this.mark.mapper.setInputConnection(this.sphere.getOutputPort());
    this.mark.actor.getProperty().setColor(0, 0.62, 0.9);
    this.mark.actor.setVisibility(false);
    this.edges.mapper.setScalarVisibility(false);
    this.edges.actor.getProperty().setColor(0.2, 0.2, 0.22);
    this.edges.actor.getProperty().setLighting(false);
    this.edges.mapper.setResolveCoincidentTopologyToPolygonOffset();
    this.edges.mapper.setRelativeCoincidentTopologyLineOffsetParameters(-1, -1);
    this.body.mapper.setInterpolateScalarsBeforeMapping(true);
    for (const item of [this.body, this.edges, this.mark]) {
      item.actor.setMapper(item.mapper);
      this.renderer.addActor(item.actor);
    }
    // The wheel turns the page until the view has been entered.
    this.find("canvas").addEventListener("wheel", (event) => {
      if (!this.box.contains(document.activeElement)) event.stopPropagation();
    }, { capture: true });
  }

  makeControls() {
    const field = this.find("field");
    for (const item of this.data.fields) field.add(new Option(item.title, item.name));
    const parts = this.find("parts");
    this.data.parts.forEach((part, number) => {
      const label = document.createElement("label"), input = document.createElement("input");
      const swatch = document.createElement("span");
      Object.assign(input, { type: "checkbox", checked: true });
      input.addEventListener("change", () => {
        this.hidden[input.checked ? "delete" : "add"](number);
        this.rebuild();
      });
      swatch.className = "swatch";
      swatch.style.background = part.colour;
      label.append(input, swatch, part.name);
      parts.append(label);
    });
    this.find("stretch").value = String(this.state.stretch);
    const read = () => {
      const [axis, stretch] = [this.find("axis").value, Number(this.find("stretch").value)];
      const turned = stretch !== this.state.stretch;
      const at = Number(this.find("at").value), flip = this.find("flip").checked;
      this.state = { field: field.value, axis, at, flip, stretch };
      this.find("at").disabled = this.find("flip").disabled = axis === "";
      this.rebuild();
      if (turned) this.look("corner");
    };
    for (const name of ["field", "axis", "at", "flip", "stretch"]) this.find(name).addEventListener("input", read);
    this.box.querySelectorAll("[data-look]").forEach((button) => {
      button.addEventListener("click", () => this.look(button.dataset.look));
    });
    this.box.querySelectorAll("[data-all]").forEach((button) => {
      button.addEventListener("click", () => {
        this.hidden = new Set(button.dataset.all === "none" ? this.data.parts.keys() : []);
        parts.querySelectorAll("input").forEach((input) => (input.checked = button.dataset.all !== "none"));
        this.rebuild();
      });
    });
  }

  get field() {
    return this.fields[this.state.field];
  }

  get cut() {
    const axis = "xyz".indexOf(this.state.axis);
    if (this.state.axis === "") return null;
    const [low, high] = this.data.bounds[axis];
    // Never in the plane of nodes, where a cut would be ragged.
    const at = low + (0.0005 + 0.999 * this.state.at) * (high - low) + 1.7e-6 * (high - low);
    // What lies before the cut as seen from the corner is taken away, or else what lies behind it.
    return { axis, at, sign: (axis === 1) === this.state.flip ? 1 : -1 };
  }

  // A cell's field as a function of the node, on the scale that is drawn.
  valueOf(cell) {
    const { values, nodal, factor, shift, logarithmic, low } = this.field;
    if (!values) return () => 0;
    const shown = (raw) => (logarithmic ? Math.log10(Math.max(raw * factor + shift, low)) : raw * factor + shift);
    if (nodal) return (node) => shown(values[node]);
    const own = shown(values[cell]);
    return () => own;
  }

  rebuild() {
    const { cells, hidden, field } = this;
    const shows = (cell) => !hidden.has(cells.part[cell]) && !(field.electrical && !cells.carries[cell]);
    const edgeShows = (part, outside) => !hidden.has(part) && (outside || field.electrical);
    this.carved = carve(cells, shows, edgeShows, this.cut, (cell) => this.valueOf(cell));
    const { soup, lines } = this.carved;
    this.positions = Float32Array.from(soup.positions);
    const stretch = this.state.stretch;
    const drawn = this.positions.map((value, n) => (n % 3 === 2 ? value * stretch : value));
    const count = soup.owners.length;
    const body = vtk.Common.DataModel.vtkPolyData.newInstance();
    body.getPoints().setData(drawn, 3);
    const triangles = new Uint32Array(4 * count);
    for (let n = 0; n < count; n += 1) triangles.set([3, 3 * n, 3 * n + 1, 3 * n + 2], 4 * n);
    body.getPolys().setData(triangles);
    this.colour(body);
    this.body.mapper.setInputData(body);
    const outline = vtk.Common.DataModel.vtkPolyData.newInstance();
    outline.getPoints().setData(Float32Array.from(lines, (value, n) => (n % 3 === 2 ? value * stretch : value)), 3);
    const pairs = new Uint32Array(lines.length / 2);
    for (let n = 0; n < lines.length / 6; n += 1) pairs.set([2, 2 * n, 2 * n + 1], 3 * n);
    outline.getLines().setData(pairs);
    this.edges.mapper.setInputData(outline);
    this.edges.actor.getProperty().setColor(...(field.electrical ? [0.6, 0.63, 0.67] : [0.2, 0.2, 0.22]));
    this.mark.actor.setVisibility(false);
    this.find("value").textContent = "Click on the model to read a value.";
    this.scale();
    this.renderer.resetCameraClippingRange();
    this.draw();
  }

  colour(body) {
    const { vtkDataArray } = vtk.Common.Core;
    const { vtkColorTransferFunction } = vtk.Rendering.Core;
    const { field, carved: { soup } } = this;
    const property = this.body.actor.getProperty();
    property.setLighting(!field.values || field.electrical);
    property.setAmbient(0.45);
    property.setDiffuse(0.6);
    property.setInterpolationToFlat();
    if (!field.values) {
      const colours = this.data.parts.map((part) => [1, 3, 5].map((n) => parseInt(part.colour.slice(n, n + 2), 16)));
      const values = new Uint8Array(9 * soup.owners.length);
      soup.owners.forEach((owner, n) => {
        for (let k = 0; k < 3; k += 1) values.set(colours[this.cells.part[owner]], 9 * n + 3 * k);
      });
      body.getPointData().setScalars(vtkDataArray.newInstance({ name: "colour", values, numberOfComponents: 3 }));
      this.body.mapper.setColorModeToDirectScalars();
      this.body.mapper.setInterpolateScalarsBeforeMapping(false);
      return;
    }
    const values = Float32Array.from(soup.values);
    body.getPointData().setScalars(vtkDataArray.newInstance({ name: field.name, values }));
    const ends = field.logarithmic ? [Math.log10(field.low), Math.log10(field.high)] : [field.low, field.high];
    const table = vtkColorTransferFunction.newInstance();
    field.colours.forEach((colour, n) => {
      const rgb = [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16) / 255);
      table.addRGBPoint(ends[0] + ((ends[1] - ends[0]) * n) / (field.colours.length - 1), ...rgb);
    });
    table.setMappingRange(...ends);
    this.body.mapper.setColorModeToMapScalars();
    this.body.mapper.setInterpolateScalarsBeforeMapping(true);
    this.body.mapper.setLookupTable(table);
    this.body.mapper.setUseLookupTableScalarRange(true);
  }

  // The colour bar, or the list of materials.
  scale() {
    const { field } = this, bar = this.find("scale");
    bar.replaceChildren();
    const title = document.createElement("strong");
    title.textContent = field.unit ? `${field.title}, ${field.unit}` : field.title;
    bar.append(title);
    if (!field.values) {
      for (const [name, colour] of Object.entries(this.data.materials)) {
        const row = document.createElement("span"), swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = colour;
        row.append(swatch, name);
        row.className = "entry";
        bar.append(row);
      }
      return;
    }
    const strip = document.createElement("div"), numbers = document.createElement("div");
    strip.className = "strip";
    numbers.className = "numbers";
    strip.style.setProperty("--colours", field.colours.join(","));
    const across = field.logarithmic ? Math.log10 : (value) => value;
    for (const value of field.ticks) {
      const number = document.createElement("span");
      number.style.setProperty("--part", (across(value) - across(field.low)) / (across(field.high) - across(field.low)));
      number.textContent = readable(value);
      numbers.append(number);
    }
    const row = document.createElement("div");
    row.className = "bar";
    row.append(strip, numbers);
    bar.append(row);
  }

  look(name) {
    const directions = { corner: [0.62, -0.85, 0.75], top: [0, 0, 1], front: [0, -1, 0], side: [1, 0, 0] };
    const ups = { top: [0, 1, 0] };
    const camera = this.renderer.getActiveCamera();
    camera.setFocalPoint(0, 0, 0);
    camera.setPosition(...directions[name]);
    camera.setViewUp(...(ups[name] || [0, 0, 1]));
    camera.setParallelProjection(name !== "corner");
    const bounds = this.data.bounds.flat().map((value, n) => (n > 3 ? value * this.state.stretch : value));
    this.renderer.resetCamera(bounds);
    this.fit(bounds);
    this.draw();
  }

  // As large as the canvas allows.
  fit(bounds) {
    const [width, height] = this.window.getApiSpecificRenderWindow().getSize();
    let farthest = 0;
    for (let n = 0; n < 8; n += 1) {
      const corner = [bounds[n & 1], bounds[2 + ((n >> 1) & 1)], bounds[4 + (n >> 2)]];
      const [x, y] = this.renderer.worldToNormalizedDisplay(...corner, width / height);
      farthest = Math.max(farthest, Math.abs(2 * x - 1), Math.abs(2 * y - 1));
    }
    this.renderer.getActiveCamera().zoom(0.94 / farthest);
    this.renderer.resetCameraClippingRange();
  }

  turn(azimuth, elevation, zoom) {
    const camera = this.renderer.getActiveCamera();
    camera.azimuth(azimuth);
    camera.elevation(elevation);
    camera.orthogonalizeViewUp();
    camera.zoom(zoom);
    this.renderer.resetCameraClippingRange();
    this.draw();
  }

  draw() {
    this.window.getRenderWindow().render();
  }

  listen() {
    const canvas = this.find("canvas");
    let down = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true });
      down = [event.clientX, event.clientY];
    }, { capture: true });
    canvas.addEventListener("pointerup", (event) => {
      const still = down && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 4;
      const box = canvas.getBoundingClientRect();
      if (still) this.pick((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      down = null;
    }, { capture: true });
    const turns = { ArrowLeft: [10, 0, 1], ArrowRight: [-10, 0, 1], ArrowUp: [0, -10, 1], ArrowDown: [0, 10, 1], "+": [0, 0, 1.2], "-": [0, 0, 1 / 1.2] };
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.pick(0.5, 0.5);
      else if (turns[event.key]) this.turn(...turns[event.key]);
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => {
      this.window.resize();
      this.draw();
    }).observe(canvas);
  }

  // The first triangle on the line of sight through a place of the picture, given in parts of its width and height.
  pick(across, down) {
    const api = this.window.getApiSpecificRenderWindow();
    const [width, height] = api.getSize();
    const [near, beyond] = [0, 1].map((depth) => api.displayToWorld(across * width, (1 - down) * height, depth, this.renderer));
    const flat = (point) => [point[0], point[1], point[2] / this.state.stretch];
    const start = flat(near), ray = flat(beyond).map((value, k) => value - start[k]);
    const p = this.positions;
    let best = null;
    for (let n = 0; n < p.length; n += 9) {
      const a = [p[n + 3] - p[n], p[n + 4] - p[n + 1], p[n + 5] - p[n + 2]];
      const b = [p[n + 6] - p[n], p[n + 7] - p[n + 1], p[n + 8] - p[n + 2]];
      const h = cross(ray, b), det = dot(a, h);
      if (det === 0) continue;
      const s = [start[0] - p[n], start[1] - p[n + 1], start[2] - p[n + 2]], u = dot(s, h) / det;
      if (u < -1e-6 || u > 1 + 1e-6) continue;
      const q = cross(s, a), v = dot(ray, q) / det;
      if (v < -1e-6 || u + v > 1 + 1e-6) continue;
      const t = dot(b, q) / det;
      if (t > 0 && (!best || t < best.t)) best = { t, triangle: n / 9, u, v };
    }
    const out = this.find("value");
    this.mark.actor.setVisibility(Boolean(best));
    if (!best) {
      out.textContent = "Nothing there; click on the model.";
      this.draw();
      return null;
    }
    const point = start.map((value, k) => value + best.t * ray[k]);
    const { field, cells, carved: { soup } } = this, owner = soup.owners[best.triangle];
    const part = this.data.parts[cells.part[owner]];
    const [x, y, z] = point.map((value) => Number(value.toFixed(4)) + 0);
    let text = `${part.name} (${part.material}) at x = ${x}, y = ${y}, z = ${z} mm`;
    const picked = { point, part: part.name };
    if (field.values) {
      const three = [0, 1, 2].map((k) => soup.values[3 * best.triangle + k]);
      let drawn = three[0] + best.u * (three[1] - three[0]) + best.v * (three[2] - three[0]);
      if (!field.nodal) picked.value = field.values[owner] * field.factor + field.shift;
      else picked.value = valueInside(cells, owner, point, field.values, (drawn - field.shift) / field.factor) * field.factor + field.shift;
      text = `${field.title} ${readable(picked.value, 6)} ${field.unit} in ${text}`;
      Object.assign(out.dataset, { value: picked.value });
    }
    [out.dataset.x, out.dataset.y, out.dataset.z] = point;
    out.textContent = text;
    this.sphere.setRadius(0.012 * Math.hypot(...this.data.bounds.map(([low, high]) => high - low)));
    this.sphere.setCenter(point[0], point[1], point[2] * this.state.stretch);
    this.draw();
    return picked;
  }
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

function readable(value, digits = 4) {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(digits > 4 ? 4 : 0).replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

const VIEWS = [];

async function startViews() {
  const boxes = document.querySelectorAll("[data-viewer]");
  if (!boxes.length) return;
  const library = await unpacked(document.getElementById("vtk-library").textContent);
  const url = URL.createObjectURL(new Blob([library], { type: "text/javascript" }));
  await new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: url, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  URL.revokeObjectURL(url);
  for (const box of boxes) {
    const data = JSON.parse(document.getElementById(box.dataset.viewer).textContent);
    const types = { f4: Float32Array, u4: Uint32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };
    const arrays = {};
    for (const [name, item] of Object.entries(data.arrays)) arrays[name] = new types[item.type](await unpacked(item.data));
    VIEWS.push(new Viewer(box, data, arrays));
  }
}

document.addEventListener("DOMContentLoaded", () => {
  startViews().catch((error) => {
    for (const box of document.querySelectorAll("[data-viewer]")) {
      box.dataset.ready = "no";
      box.querySelector("[data-value]").textContent = `The 3-D view cannot be shown here (${error.message || error}); the pictures below show the same.`;
    }
  });
});

"use strict";
// The 3-D view of a report: quadratic cells, cut and coloured by cells.js, drawn by vtk.js.

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

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
    this.find("reading").textContent = "Click on the model to read a value.";
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
    // Light shows the shape, but must not make another colour of the scale.
    property.setAmbient(field.electrical ? 0.75 : 0.5);
    property.setDiffuse(field.electrical ? 0.25 : 0.55);
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
    const out = this.find("reading");
    for (const name of ["value", "x", "y", "z"]) delete out.dataset[name];
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
  if (!document.createElement("canvas").getContext("webgl2")) throw new Error("this browser has no WebGL");
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
      box.querySelector("[data-reading]").textContent = `The 3-D view cannot be shown here (${error.message || error}); the pictures below show the same.`;
    }
  });
});

"use strict";
// Quadratic cells: which triangles show, what a plane cuts, values inside a cell.

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

const TURNS = [[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4], [3, 5, 4, 0, 2, 1], [4, 3, 5, 1, 0, 2], [5, 4, 3, 2, 1, 0]];

// A small wedge as tetrahedra, its sides split from their lowest node, so that a cut has no slits between neighbours
// (Dompierre, Labbe, Vallet and Camarero, 8th International Meshing Roundtable, 1999).
function tetrahedra(nodes) {
  if (nodes.length === 4) return [nodes];
  const [a, b, c, d, e, f] = TURNS[nodes.indexOf(Math.min(...nodes))].map((n) => nodes[n]);
  if (Math.min(b, f) < Math.min(c, e)) return [[a, b, c, f], [a, b, f, e], [a, e, f, d]];
  return [[a, b, c, e], [a, e, c, f], [a, e, f, d]];
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
      for (const local of cells.subCells) {
        for (const four of tetrahedra(local.map((node) => own[node]))) addPolygon(soup, cells, crossed(four, far), cell, value);
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

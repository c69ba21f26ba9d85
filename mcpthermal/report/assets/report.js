"use strict";
// Tables that sort, and the list of contents.

function sortTable(head) {
  const row = head.parentElement, body = head.closest("table").tBodies[0];
  const column = [...row.children].indexOf(head);
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of row.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (line) => {
    const cell = line.children[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent;
  };
  const missing = (value) => Number(!Number.isFinite(value));
  const order = (a, b) => (missing(a) || missing(b) ? String(a).localeCompare(String(b), "en", { numeric: true }) : a - b);
  const lines = [...body.rows].map((line) => [key(line), line]);
  // What has no number comes last both ways.
  lines.sort(([a], [b]) => missing(a) - missing(b) || (down ? order(b, a) : order(a, b)));
  body.append(...lines.map(([, line]) => line));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const first = table.tBodies[0].rows[0].cells[column];
      if (first.classList.contains("number")) head.classList.add("number");
      head.querySelector("button").addEventListener("click", () => sortTable(head));
    });
  }
  const contents = document.getElementById("contents");
  for (const section of document.querySelectorAll("main > section")) {
    const link = document.createElement("a");
    link.href = `#${section.id}`;
    link.textContent = section.querySelector("h2").textContent;
    contents.append(link);
  }
});

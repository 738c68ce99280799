"use strict";
for (const [column, head] of [...document.querySelectorAll(".index thead th")].entries()) {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  let descending = false;
  button.addEventListener("click", () => {
    const body = document.querySelector(".index tbody");
    for (const heading of body.querySelectorAll(".folder")) heading.remove();
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      const [m, n] = [Number.parseFloat(x), Number.parseFloat(y)];
      const order = Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y) : m - n;
      return descending ? -order : order;
    };
    body.append(...[...body.rows].sort(compare));
    descending = !descending;
  });
}

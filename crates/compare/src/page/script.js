// Shows the values under the pointer, in all boxes at once. A column of a long video stands for many
// frames; shown is the one in which the tables differ most.
"use strict";
(() => {
  const { by, charts } = JSON.parse(document.getElementById("data").textContent);
  const boxes = [...document.querySelectorAll("figure")].map((figure, i) => ({
    readings: charts[i],
    pointer: figure.querySelector(".pointer"),
    output: figure.querySelector("output"),
    svg: figure.querySelector("svg"),
  }));
  const show = (share) => {
    for (const { readings, pointer, output, svg } of boxes) {
      const column = Math.min(readings.length - 1, Math.max(0, Math.floor(share * readings.length)));
      const x = ((column + 0.5) / readings.length) * svg.viewBox.baseVal.width;
      pointer.setAttribute("x1", x);
      pointer.setAttribute("x2", x);
      // A short video has fewer frames than columns: the last one before the pointer counts.
      let at = column;
      while (at > 0 && !readings[at]) at -= 1;
      const [key, a, b] = readings[at] || [];
      if (key === undefined) output.textContent = "";
      else if (b === undefined) output.textContent = `${by} ${key}: ${a}`;
      else output.textContent = `${by} ${key}: A ${a}, B ${b}`;
    }
  };
  for (const { svg } of boxes) {
    svg.addEventListener("pointermove", (event) => {
      const place = svg.getBoundingClientRect();
      show((event.clientX - place.left) / place.width);
    });
  }
})();

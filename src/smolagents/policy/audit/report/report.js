// Searching and folding. The page has everything without this.
"use strict";
(() => {
  const rows = [...document.querySelectorAll(".row")];
  const folds = () => document.querySelectorAll(".run, .step, .chunk");
  const search = document.getElementById("search");
  const only = document.getElementById("only");
  const found = document.getElementById("found");
  const texts = new Map();

  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const filter = () => {
    const words = search.value.trim().toLowerCase();
    let count = 0;
    const kept = new Set();
    for (const row of rows) {
      const isBad = row.classList.contains("v-deny") || row.classList.contains("v-stop");
      row.hidden = (only.checked && !isBad) || (words !== "" && !text(row).includes(words));
      if (row.hidden) continue;
      count += 1;
      for (let fold = row.closest(".chunk, .step"); fold; fold = fold.parentElement.closest("details")) kept.add(fold);
    }
    const isOn = only.checked || words !== "";
    found.value = isOn ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "";
    for (const place of document.querySelectorAll(".place")) place.hidden = isOn;
    for (const step of document.querySelectorAll(".step, .run")) step.hidden = isOn && !kept.has(step);
    if (isOn && count <= 500) for (const fold of kept) fold.open = true;
  };
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  document.getElementById("unfold").addEventListener("click", () => folds().forEach((fold) => (fold.open = true)));
  document.getElementById("fold").addEventListener("click", () => folds().forEach((fold) => (fold.open = false)));
  document.querySelector("div.tools").hidden = false;

  // What is folded is not printed by browsers that know no other way.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...folds()].filter((fold) => !fold.open);
    opened.forEach((fold) => (fold.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));
})();

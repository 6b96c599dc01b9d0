"use strict";
(() => {
  const form = document.getElementById("filters");
  const table = document.getElementById("rows");
  if (form && table) {
    const rows = [...table.tBodies[0].rows];
    let texts = null;
    const words = form.elements;
    const shown = document.getElementById("shown");
    const filter = () => {
      const text = words.text.value.trim().toLowerCase();
      if (text && !texts) texts = rows.map((row) => row.textContent.toLowerCase());
      let count = 0;
      rows.forEach((row, at) => {
        const of = row.dataset;
        const is = (!words.session.value || words.session.value === of.s) && (!words.from.value || words.from.value === of.f)
          && (!words.kind.value || words.kind.value === of.k) && (!words.found.checked || "x" in of)
          && (!text || texts[at].includes(text));
        row.hidden = !is;
        if (is) count += 1;
      });
      shown.value = count === rows.length ? "All rows are shown." : count + " of " + rows.length + " rows are shown.";
    };
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
  }
  // What a link leads to can be seen, whatever is filtered or folded.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden && form) {
      form.reset();
      table.querySelectorAll("tr[hidden]").forEach((row) => { row.hidden = false; });
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();

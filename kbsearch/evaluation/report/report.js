(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const misses = [...document.querySelectorAll(".miss")];
  const texts = misses.map((miss) => miss.textContent.toLowerCase());
  const fields = ["cause", "type", "industry"];
  const shown = document.getElementById("shown");

  function filter() {
    const words = form.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    misses.forEach((miss, place) => {
      const found = words.every((word) => texts[place].includes(word))
        && fields.every((name) => !form[name].value || miss.dataset[name] === form[name].value);
      miss.hidden = !found;
      count += found;
    });
    shown.textContent = count + " / " + misses.length;
  }

  // A link such as #search=词&cause=outranked filters; one to a miss shows all.
  function followHash() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const names = ["search", ...fields];
    const filters = names.some((name) => asked.has(name));
    if (!filters && !location.hash.startsWith("#miss-")) return;
    for (const name of names) form[name].value = asked.get(name) ?? "";
    filter();
    const target = filters ? form : document.getElementById(decodeURIComponent(location.hash.slice(1)));
    target?.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  window.addEventListener("hashchange", followHash);
  filter();
  followHash();
})();

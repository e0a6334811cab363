// Before the first paint: the theme this browser chose. A classic script, so that nothing flashes.
(function () {
  try {
    var chosen = localStorage.getItem("boyd.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch (_) { /* no storage: the system's choice */ }
})();

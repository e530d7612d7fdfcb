/* Everything here is comfort: each page works without it. Loaded before the first paint, so that the theme does not flash. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.dataset.scripted = "";

  const memory = {
    get(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        /* Private windows may refuse; the choice then lasts for this page. */
      }
    },
  };

  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const showTheme = () => {
    root.dataset.theme = memory.get("theme") || (darkSystem.matches ? "dark" : "light");
  };
  showTheme();
  darkSystem.addEventListener("change", showTheme);
  if (memory.get("rail") === "narrow") root.dataset.rail = "narrow";

  const toggleTheme = () => {
    memory.set("theme", root.dataset.theme === "dark" ? "light" : "dark");
    showTheme();
  };
  const toggleRail = () => {
    const narrow = root.dataset.rail !== "narrow";
    if (narrow) root.dataset.rail = "narrow";
    else delete root.dataset.rail;
    memory.set("rail", narrow ? "narrow" : "wide");
  };

  /* Times: the same words as portal/web/wording.py; past a week the server's date stays. */
  const distance = (seconds) => {
    if (seconds < 45) return "";
    if (seconds < 3600) return `${Math.max(1, Math.floor(seconds / 60))} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
    const days = Math.floor(seconds / 86400);
    return days === 1 ? "1 day" : `${days} days`;
  };
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const refreshTimes = () => {
    const now = Date.now();
    for (const node of document.querySelectorAll("time[data-relative]")) {
      if (!node.dateTime.includes("T")) continue;
      const seconds = (now - Date.parse(node.dateTime)) / 1000;
      if (!(Math.abs(seconds) < 7 * 86400)) continue;
      const words = distance(Math.abs(seconds));
      if (words && node.dataset.relative === "span") write(node, `for ${words}`);
      else if (!words) write(node, seconds >= 0 ? "just now" : "in a moment");
      else write(node, seconds > 0 ? `${words} ago` : `in ${words}`);
    }
  };
  const refreshCountdowns = () => {
    for (const node of document.querySelectorAll("time[data-countdown]")) {
      const left = Math.max(0, Math.ceil((Date.parse(node.dateTime) - Date.now()) / 1000));
      write(node, left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${left} s`);
    }
  };

  /* Toasts */
  const ICONS = { ok: "check", info: "info", warn: "alert", bad: "x-circle" };
  const fade = (toast) => {
    if (["warn", "bad"].includes(toast.dataset.tone)) return;
    setTimeout(() => (toast.matches(":hover, :focus-within") ? fade(toast) : toast.remove()), 6000);
  };
  const icon = (name, extra) => {
    const space = "http://www.w3.org/2000/svg";
    const known = document.querySelector("svg.icon use");
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", `icon ${extra}`);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(space, "use");
    use.setAttribute("href", `${known ? known.getAttribute("href").split("#")[0] : "/static/icons.svg"}#${name}`);
    svg.append(use);
    return svg;
  };
  const toast = ({ text, tone = "info" }) => {
    const region = document.getElementById("toasts");
    if (!region || !text) return;
    const box = Object.assign(document.createElement("div"), { className: "toast" });
    box.dataset.tone = tone;
    const words = Object.assign(document.createElement("div"), { className: "toast-text", textContent: text });
    const close = Object.assign(document.createElement("button"), { className: "icon-button", type: "button" });
    close.dataset.toastClose = "";
    close.setAttribute("aria-label", "Dismiss");
    close.append(icon("x", ""));
    box.append(icon(ICONS[tone] || "info", `tone-${tone}`), words, close);
    region.append(box);
    fade(box);
  };

  /* Dialogs */
  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (!(dialog instanceof HTMLDialogElement) || dialog.open) return false;
    dialog.showModal();
    return true;
  };
  const closeDialog = (dialog) => {
    if (dialog.open) dialog.close();
    if (location.hash === `#${dialog.id}`) history.replaceState(null, "", location.pathname + location.search);
  };
  const checkConfirmation = (input) => {
    const matches = input.value.trim() === input.dataset.confirm;
    for (const button of input.form ? input.form.querySelectorAll("[type=submit]:not([data-unguarded])") : []) {
      button.disabled = !matches;
    }
  };

  const copy = async (button) => {
    const source = button.closest("[data-copy-region]").querySelector("[data-copy-text]");
    try {
      await navigator.clipboard.writeText(source.textContent);
      toast({ text: "Copied.", tone: "ok" });
    } catch {
      getSelection().selectAllChildren(source);
      toast({ text: "The browser does not allow copying here: the text is selected, press Ctrl C.", tone: "warn" });
    }
  };

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  };

  document.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches?.("details.menu[open]")) return;
      const panel = event.target.querySelector(".menu-panel");
      event.target.classList.remove("menu-flipped");
      const box = panel.getBoundingClientRect();
      event.target.classList.toggle("menu-flipped", box.right > innerWidth || box.left < 0);
    },
    true,
  );

  const ACTIONS = [
    ["[data-theme-toggle]", toggleTheme],
    ["[data-rail-toggle]", toggleRail],
    ["[data-toast-close]", (node) => node.closest(".toast").remove()],
    ["[data-copy]", copy],
    ["[data-dialog-open]", (node) => openDialog(node.dataset.dialogOpen)],
    ["dialog[open] [data-dialog-close]", (node) => closeDialog(node.closest("dialog"))],
  ];
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    closeMenus(event.target.closest("details.menu"));
    for (const [selector, act] of ACTIONS) {
      const node = event.target.closest(selector);
      if (!node) continue;
      if (node.matches("a")) event.preventDefault();
      if (node.matches(".menu-item")) closeMenus();
      act(node);
      return;
    }
    if (event.target.matches("dialog[open]") && !event.target.querySelector("form")) closeDialog(event.target);
  });

  /* Keys */
  let goPressed = 0;
  const press = (node) => {
    if (node) node.click();
    return Boolean(node);
  };
  const onKey = (key) => {
    if (Date.now() - goPressed < 1200) {
      goPressed = 0;
      return press(document.querySelector(`[data-go="${CSS.escape(key)}"]`));
    }
    if (key === "g") {
      goPressed = Date.now();
      return true;
    }
    if (key === "?") return openDialog("keyboard");
    if (key === "/") {
      const box = document.querySelector("[data-search]");
      if (!box) return press(document.querySelector("[data-search-link]"));
      box.focus();
      box.select();
      return true;
    }
    if (key === "j" || key === "k") return press(document.querySelector(`a[data-key="${key}"]`));
    return false;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, dialog[open], [contenteditable]")) return;
    if (onKey(event.key)) event.preventDefault();
  });

  /* Forms: filters send themselves; empty filters stay out of the address; a sent form cannot be sent twice. */
  let typing = 0;
  const sendFilter = (form) => form.requestSubmit();
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form && event.target.type !== "search") sendFilter(form);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-confirm]")) checkConfirmation(event.target);
    const form = event.target.closest("form[data-auto-submit][data-live]");
    if (!form || event.target.type !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(sendFilter, 350, form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get") {
      for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
      setTimeout(() => [...form.elements].forEach((field) => field.value === "" && (field.disabled = false)));
      return;
    }
    if (event.defaultPrevented || form.method === "dialog" || "download" in form.dataset) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((node) => node.removeAttribute("aria-busy"));
    }
  });

  /* htmx: the token goes with every unsafe request; answers may carry toasts ("HX-Trigger": {"toast": {text, tone}}). */
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("meta[name=csrf-token]");
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  /* A part that answers with the log-in page means that the session has ended: the whole page goes there. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.responseURL;
    if (!address || !new URL(address).pathname.startsWith("/account/login")) return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  document.addEventListener("toast", (event) => toast(event.detail));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => root.toggleAttribute("data-offline", true));
  }
  document.addEventListener("htmx:afterOnLoad", () => root.removeAttribute("data-offline"));
  document.addEventListener("htmx:afterSettle", refreshTimes);

  /* On a phone a row of tabs is longer than the screen: the one that is open is in sight. */
  const showTab = (tab) => {
    const row = tab.parentElement;
    const there = tab.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.scrollLeft += there - (row.clientWidth - tab.clientWidth) / 2;
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".tabs > [aria-current]").forEach(showTab);
    document.querySelectorAll(".toast").forEach(fade);
    document.querySelectorAll("[data-confirm]").forEach(checkConfirmation);
    if (location.hash.length > 1) openDialog(decodeURIComponent(location.hash.slice(1)));
    refreshTimes();
    refreshCountdowns();
    setInterval(refreshTimes, 15000);
    setInterval(refreshCountdowns, 1000);
  });
})();

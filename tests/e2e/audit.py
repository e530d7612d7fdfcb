"""What a machine can see of a page's quality: names, headings, order, width."""

from __future__ import annotations

from playwright.sync_api import Page

SCRIPT = """
() => {
  const found = [];
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  const shown = (node) => node.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const named = (node) => {
    const by = (node.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean);
    const spoken = [...node.querySelectorAll("[aria-label], img[alt], title")].length > 0;
    return (
      Boolean((node.getAttribute("aria-label") || "").trim()) ||
      by.some((id) => document.getElementById(id)?.textContent.trim()) ||
      [...(node.labels || [])].some((label) => label.textContent.trim()) ||
      (node.matches("a, button, summary, th") && (Boolean(node.textContent.trim()) || spoken))
    );
  };
  if (document.documentElement.lang === "") found.push("the page has no language");
  if (!document.title.trim() || document.title.startsWith("·")) found.push(`the title is “${document.title}”`);
  const main = all("main");
  if (main.length !== 1) found.push(`${main.length} main landmarks`);
  const headings = all("h1, h2, h3, h4, h5, h6").filter((node) => node.closest("dialog") === null && seen(node));
  const first = headings.filter((node) => node.tagName === "H1");
  if (first.length !== 1) found.push(`${first.length} headings of level 1`);
  let level = 0;
  for (const node of headings) {
    const next = Number(node.tagName[1]);
    if (next > level + 1) found.push(`heading of level ${next} after ${level}: ${shown(node)}`);
    if (!node.textContent.trim()) found.push(`empty heading: ${shown(node)}`);
    level = next;
  }
  const controls = all("input:not([type=hidden]), select, textarea, button, summary, a[href]");
  for (const node of controls.filter(seen)) if (!named(node)) found.push(`no name: ${shown(node)}`);
  for (const node of all("img")) if (!node.hasAttribute("alt")) found.push(`no alternative text: ${shown(node)}`);
  for (const node of all("svg")) {
    const spoken = node.getAttribute("role") === "img" && (node.getAttribute("aria-label") || node.querySelector("title"));
    if (!spoken && !node.closest("[aria-hidden=true]")) found.push(`a drawing is neither named nor hidden: ${shown(node)}`);
  }
  for (const node of all("table")) if (!node.querySelector("caption")) found.push(`a table without a caption: ${shown(node)}`);
  for (const node of all("th")) if (!node.hasAttribute("scope")) found.push(`a heading cell without a scope: ${shown(node)}`);
  const ids = all("[id]").map((node) => node.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`two elements with the id ${id}`);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const node of all(`[${attribute}]`)) {
      for (const id of node.getAttribute(attribute).split(" ").filter(Boolean)) {
        if (!document.getElementById(id)) found.push(`${attribute} names ${id}, which is not there: ${shown(node)}`);
      }
    }
  }
  for (const node of all("[style], [onclick], script:not([src])")) found.push(`inline style or script: ${shown(node)}`);
  for (const node of all("[tabindex]")) if (node.tabIndex > 0) found.push(`own place in the tab order: ${shown(node)}`);
  const wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) {
    const outside = all("body *").filter((node) => seen(node) && node.getBoundingClientRect().right > wide.clientWidth + 1);
    found.push(`${wide.scrollWidth} px wide in a window of ${wide.clientWidth}: ${outside.slice(0, 3).map(shown).join(" ")}`);
  }
  return found;
}
"""


def defects(page: Page) -> list[str]:
    """A sentence for each thing that is wrong with the page as it stands."""
    found: list[str] = page.evaluate(SCRIPT)
    return found

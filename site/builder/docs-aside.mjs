/** The navigation beside guides and reference, readable without JavaScript: closed on phones, open beside the text elsewhere. */
import { escapeHtml, fromTo } from "./shell.mjs";

/**
 * @param {string} path  the page it is for
 * @param {{ title: string, links: { path: string, title: string }[] }[]} groups
 * @param {{ id: string, text: string }[]} headings  of the page itself
 */
export function docsAside(path, groups, headings = []) {
  const here =
    headings.length > 1
      ? `<ul>${headings.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a>`).join("")}</ul>`
      : "";
  const item = (link) =>
    link.path === path
      ? `<li><a href="#main" aria-current="page">${escapeHtml(link.title)}</a>${here}`
      : `<li><a href="${fromTo(path, link.path)}">${escapeHtml(link.title)}</a>`;
  const lists = groups.map(
    ({ title, links }) => `<p>${escapeHtml(title)}</p><ul>${links.map(item).join("")}</ul>`,
  );
  return `<details><summary>Contents of the docs</summary>${lists.join("")}</details>`;
}

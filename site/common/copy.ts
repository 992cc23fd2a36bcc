/** Text for the clipboard; where that is refused, selected, so that the visitor can copy it. */

/**
 * @param select  shows the text selected, where the clipboard is refused
 * @returns what to tell the visitor
 */
export async function copyOrSelect(text: string, select: () => void): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    select();
    return "The browser refused the clipboard: press Ctrl+C or Cmd+C to copy the selected text.";
  }
}

/**
 * Copies a text that is not on the page as it is: where the clipboard is refused, it appears in a field.
 *
 * @param beside  what the field is put behind
 * @returns what to tell the visitor
 */
export function copyText(text: string, beside: Element): Promise<string> {
  beside.parentElement?.querySelector("textarea.copied")?.remove();
  return copyOrSelect(text, () => {
    const field = document.createElement("textarea");
    field.className = "copied";
    field.readOnly = true;
    field.rows = 6;
    field.setAttribute("aria-label", "Text to copy");
    field.value = text;
    beside.after(field);
    field.focus();
    field.select();
  });
}

/** Text for the clipboard; where that is refused, in a field with everything selected. */

/**
 * @param beside  what the field is put behind, where the clipboard is refused
 * @returns what to tell the visitor
 */
export async function copyText(text: string, beside: Element): Promise<string> {
  const field = beside.parentElement?.querySelector("textarea.copied");
  try {
    await navigator.clipboard.writeText(text);
    field?.remove();
    return "Copied.";
  } catch {
    const shown = (field as HTMLTextAreaElement | undefined) ?? document.createElement("textarea");
    shown.className = "copied";
    shown.readOnly = true;
    shown.rows = 6;
    shown.setAttribute("aria-label", "Text to copy");
    shown.value = text;
    beside.after(shown);
    shown.focus();
    shown.select();
    return "The browser refused the clipboard: press Ctrl+C or Cmd+C to copy the selected text.";
  }
}

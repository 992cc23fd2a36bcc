/** CodeMirror for a program, in a shadow of its own: there its styles are sheets, which the content policy allows. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

export interface Editor {
  readonly text: string;
  set(text: string): void;
  focus(): void;
  /** Marks a line, from 1 on, and none for 0. */
  mark(line: number): void;
}

const colors = HighlightStyle.define([
  { tag: [t.keyword, t.self, t.modifier], color: "light-dark(#86289f, #d69bf0)" },
  { tag: [t.string, t.special(t.string)], color: "light-dark(#116b33, #6ee7a0)" },
  { tag: t.comment, color: "var(--quiet)" },
  { tag: [t.number, t.bool, t.null], color: "light-dark(#94420a, #ffb072)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName)], color: "light-dark(#0b57b0, #7cc0ff)" },
  { tag: t.typeName, color: "light-dark(#0c6569, #6fd7dc)" },
]);
const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--panel)", fontSize: "0.81rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.45" },
  ".cm-content": { padding: "0.8rem 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 1rem 0 0.5rem" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(#00000008, #ffffff0a)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "light-dark(#c7d2fe, #3b3f73) !important",
  },
  ".cm-matchingBracket": { backgroundColor: "light-dark(#c7d2fe, #3b3f73)" },
  ".marked": { backgroundColor: "light-dark(#fde2e0, #5a2522)", boxShadow: "inset 3px 0 var(--bad)" },
});

const setMark = StateEffect.define<number>();
const marked = StateField.define({
  create: () => Decoration.none,
  update(value, { effects, docChanged, state }) {
    for (const effect of effects)
      if (effect.is(setMark)) {
        const line = effect.value;
        if (line < 1 || line > state.doc.lines) return Decoration.none;
        return Decoration.set(Decoration.line({ class: "marked" }).range(state.doc.line(line).from));
      }
    return docChanged ? Decoration.none : value;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Typed over a selection by the browser itself, text gets styles of its own for a moment, of which the content policy complains. */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { state } = view;
  if (event.inputType !== "insertText" || !event.data || view.composing || state.selection.main.empty)
    return false;
  event.preventDefault();
  view.dispatch(state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

/**
 * @param place  becomes the editor's; what is in it goes
 * @param run    what Ctrl+Enter does
 */
export function editIn(place: HTMLElement, text: string, run: () => void): Editor {
  const runs = () => {
    run();
    return true;
  };
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([{ key: "Mod-Enter", preventDefault: true, run: runs }]),
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        javascript({ typescript: true }),
        syntaxHighlighting(colors),
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({
          "aria-label": "Program. Escape, then Tab leaves it; Control and Enter runs it",
        }),
        EditorView.domEventHandlers({ beforeinput: typeOver }),
        // The bar with the buttons may cover that much.
        EditorView.scrollMargins.of(() => ({ bottom: 72 })),
        marked,
        look,
      ],
    }),
  });
  place.replaceChildren(host);
  // WebKit heeds rules that come into a sheet after its root adopted it only once it is adopted anew.
  const sheets = [...root.adoptedStyleSheets];
  root.adoptedStyleSheets = [];
  root.adoptedStyleSheets = sheets;
  return {
    get text() {
      return view.state.doc.toString();
    },
    set: (doc) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: doc } }),
    focus: () => view.focus(),
    mark: (line) =>
      view.dispatch({
        effects:
          line > 0 && line <= view.state.doc.lines
            ? [setMark.of(line), EditorView.scrollIntoView(view.state.doc.line(line).from, { y: "nearest" })]
            : setMark.of(0),
      }),
  };
}

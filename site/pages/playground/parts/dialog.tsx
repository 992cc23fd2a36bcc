/** Dialogs: one at a time, loaded when it is first opened. The browser gives the focus back to the button that opened it. */
import { signal } from "@preact/signals";
import type { ComponentChildren, FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { player } from "../state/run.ts";

const LOADERS = {
  examples: () => import("./examples.tsx").then(({ Examples }) => Examples),
  link: () => import("./link-dialog.tsx").then(({ LinkDialog }) => LinkDialog),
  code: () => import("./code-dialog.tsx").then(({ CodeDialog }) => CodeDialog),
} as const;

const shown = signal<{ view: FunctionComponent } | undefined>(undefined);

export async function showDialog(name: keyof typeof LOADERS): Promise<void> {
  try {
    shown.value = { view: await LOADERS[name]() };
  } catch {
    player.say("This part of the page could not be loaded. Reload the page to try again.");
  }
}

export const closeDialog = () => {
  shown.value = undefined;
};

export function DialogHost() {
  const View = shown.value?.view;
  return View ? <View /> : null;
}

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Dialog({ title, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, [opener]);
  return (
    <dialog ref={element} class="dialog" aria-labelledby="dialog-title" onClose={closeDialog}>
      <div class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" onClick={closeDialog}>
          Close
        </button>
      </div>
      {children}
    </dialog>
  );
}

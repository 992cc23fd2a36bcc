/** The program that does what the run did. */
import { useEffect, useRef, useState } from "preact/hooks";
import { toCode } from "../run/code.ts";
import { player } from "../state/run.ts";
import { Copy } from "./copy.tsx";
import { Dialog } from "./dialog.tsx";
import { saveFile } from "./save.ts";
import { Scroller } from "./scroller.tsx";

export function CodeDialog() {
  const [code, setCode] = useState<string>();
  const [fault, setFault] = useState<string>();
  const shown = useRef<HTMLPreElement>(null);
  useEffect(() => {
    player
      .ask((session) => session.claim())
      .then((content) => setCode(toCode(content)))
      .catch((error: Error) => setFault(error.message));
  }, []);
  const select = () => {
    if (shown.current) getSelection()?.selectAllChildren(shown.current);
  };
  return (
    <Dialog title="Code">
      <p>
        This TypeScript makes the same data and the same network, trains the same steps, and prints the digest
        of its parameters: the same one as here.
      </p>
      {fault && <p class="bad">{fault}</p>}
      {code !== undefined && (
        <>
          <div class="row">
            <Copy label="Copy code" text={code} select={select} />
            <button type="button" onClick={() => saveFile("run.ts", code, "text/plain")}>
              Download
            </button>
          </div>
          <Scroller label="Code">
            <pre ref={shown}>{code}</pre>
          </Scroller>
        </>
      )}
    </Dialog>
  );
}

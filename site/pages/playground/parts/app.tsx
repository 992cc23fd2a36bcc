/** The whole playground. */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addressWith } from "../state/address.ts";
import { address, isShown, pageAddress } from "../state/here.ts";
import { player } from "../state/run.ts";
import { status } from "../state/status.ts";
import { Controls } from "./controls.tsx";
import { Data } from "./data.tsx";
import { DialogHost, showDialog } from "./dialog.tsx";
import { LinkCard } from "./link-card.tsx";
import { Network } from "./network.tsx";
import { saveModel, savePicture } from "./save.ts";
import { Result } from "./stage.tsx";

effect(() => {
  document.documentElement.classList.toggle("embed", address.value.embed);
});

export function App() {
  useEffect(() => {
    // A link brings its own run.
    if (address.value.link === undefined) void player.restart();
  }, []);
  const isNetworkShown = isShown("network") || isShown("training");
  return (
    <>
      <div class="head">
        <h1>Playground</h1>
        <Actions />
        <p class="quiet lead">
          Train a small network here, in this page. Every run has a link that others can replay to the last
          bit.
        </p>
      </div>
      <div class="bar">
        <Controls />
      </div>
      <LinkCard />
      <Trouble />
      <Example />
      <div class={`board${isShown("data") ? "" : " no-data"}${isNetworkShown ? "" : " no-network"}`}>
        <Result />
        {isShown("data") && <Data />}
        {isNetworkShown && <Network />}
      </div>
      <p class="unseen" role="status" aria-live="polite">
        {status}
      </p>
      <DialogHost />
    </>
  );
}

function Actions() {
  const { embed } = address.value;
  return (
    <section class="actions" aria-label="Examples and sharing">
      {isShown("examples") && (
        <button type="button" onClick={() => showDialog("examples")}>
          Examples
        </button>
      )}
      {isShown("link") && (
        <button type="button" onClick={() => showDialog("link")}>
          Link
        </button>
      )}
      {isShown("code") && (
        <button type="button" onClick={() => showDialog("code")}>
          Code
        </button>
      )}
      {isShown("model") && (
        <button type="button" onClick={() => void saveModel()}>
          Model file
        </button>
      )}
      {isShown("picture") && (
        <button type="button" onClick={() => void savePicture()}>
          Picture
        </button>
      )}
      {embed && (
        <a
          class="button"
          target="_blank"
          rel="noopener"
          href={addressWith(pageAddress(), address.value.link ?? "")}
        >
          Open in the playground
        </a>
      )}
    </section>
  );
}

function Trouble() {
  const trouble = player.trouble.value;
  return (
    <div role="alert">
      {trouble && (
        <div class="panel trouble">
          <p class="bad">{trouble.message}</p>
          {trouble.isLost && (
            <button type="button" onClick={() => player.reopen()}>
              Start another worker
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Example() {
  const sentence = player.example.value;
  return sentence ? <p class="example">{sentence}</p> : null;
}

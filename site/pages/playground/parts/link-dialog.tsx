/** The link of the run: copied, or saved as a file where it is too long. */
import { useEffect, useRef, useState } from "preact/hooks";
import { encodeLink, MOST_LINK_CHARACTERS, writeRunFile } from "../run/link.ts";
import type { LinkContent } from "../run/types.ts";
import { addressWith, PARTS, type Part } from "../state/address.ts";
import { pageAddress } from "../state/here.ts";
import { player } from "../state/run.ts";
import { count, plural, shortName } from "../state/text.ts";
import { Copy } from "./copy.tsx";
import { Dialog } from "./dialog.tsx";
import { OpenRunFile } from "./open-run-file.tsx";
import { saveFile } from "./save.ts";

/** From here on some programs cut links. */
const LONG = 8_000;

const PART_NAMES: Readonly<Record<Part, string>> = {
  data: "Data",
  network: "Network",
  training: "Training",
  chart: "Chart",
  figures: "Figures",
  tables: "Tables",
  time: "Time",
  speed: "Speed",
  examples: "Examples",
  link: "Link",
  code: "Code",
  model: "Model file",
  picture: "Picture",
};

interface Made {
  readonly content: LinkContent;
  readonly link: string;
}

export function LinkDialog() {
  const [made, setMade] = useState<Made>();
  const [fault, setFault] = useState<string>();
  const [hide, setHide] = useState<readonly Part[]>([]);
  const [embed, setEmbed] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const make = async () => {
      const content = await player.ask((session) => session.claim());
      setMade({ content, link: await encodeLink(content) });
    };
    make().catch((error: Error) => setFault(error.message));
  }, []);
  const address = made ? addressWith(pageAddress(), made.link, { hide, embed }) : "";
  const isTooLong = (made?.link.length ?? 0) > MOST_LINK_CHARACTERS;
  const save = () => {
    if (made) saveFile("run.wasmgrad-run", writeRunFile(made.content), "application/json");
  };
  return (
    <Dialog title="Link to this run">
      {fault && <p class="bad">{fault}</p>}
      {made && (
        <>
          <Contents content={made.content} />
          {isTooLong ? (
            <p class="bad">
              The link would have {count(address.length)} characters, and this page opens at most{" "}
              {count(MOST_LINK_CHARACTERS)}: save the run as a file, which “Open a run file” here or under
              Examples opens.
            </p>
          ) : (
            <>
              <label for="link-field">Link</label>
              <input
                id="link-field"
                ref={field}
                type="text"
                readOnly
                value={address}
                onFocus={(event) => event.currentTarget.select()}
              />
              <p class="quiet">
                {count(address.length)} characters
                {address.length > LONG && ". Some programs cut links that are this long; a file is safer"}.
              </p>
            </>
          )}
          <div class="row">
            {!isTooLong && (
              <Copy
                label="Copy link"
                text={address}
                select={() => {
                  field.current?.focus();
                  field.current?.select();
                }}
              />
            )}
            <button type="button" onClick={save}>
              Save as a file
            </button>
            <OpenRunFile />
          </div>
          {!isTooLong && (
            <details>
              <summary>For a lesson: hide parts, or show it in a frame</summary>
              <fieldset class="parts">
                <legend>Hidden</legend>
                {PARTS.map((part) => (
                  <label key={part}>
                    <input
                      type="checkbox"
                      checked={hide.includes(part)}
                      onChange={() =>
                        setHide(PARTS.filter((other) => (other === part) !== hide.includes(other)))
                      }
                    />
                    {PART_NAMES[part]}
                  </label>
                ))}
              </fieldset>
              <label class="check">
                <input type="checkbox" checked={embed} onChange={() => setEmbed(!embed)} />
                For a frame: without the site's header and footer
              </label>
            </details>
          )}
        </>
      )}
    </Dialog>
  );
}

function Contents({ content: { config, claim } }: { content: LinkContent }) {
  const { data } = config;
  const steps = claim?.steps ?? 0;
  return (
    <>
      <p>
        Whoever opens it sees this network and these settings.{" "}
        {steps > 0
          ? `Their browser trains again for ${plural(steps, "step")}, and says whether the parameters are the same to the last bit.`
          : "It has trained no step yet."}
      </p>
      {data.kind === "own" && (
        <p>
          <strong>It contains your data:</strong> {plural(data.target.cells.length, "row")} of{" "}
          {plural(data.columns.length, "column")} and the target <bdi>{shortName(data.target.name)}</bdi>.
          Nothing is sent anywhere, but whoever has the link has these rows.
        </p>
      )}
    </>
  );
}

/**
 * Where each export has its place: a page of its own, or for a type that only one function's page needs, a section there. Functions are
 * at `docs/api/<entry>/<name>/`, types at `docs/api/<entry>/types/<name>/`: names that differ in their case alone are common.
 */
import { ENTRIES } from "./read.mjs";

/** Kinds of reflections that typedoc numbers. */
export const KIND = {
  variable: 32,
  function: 64,
  class: 128,
  interface: 256,
  alias: 2097152,
  reference: 4194304,
};

const isType = ({ kind }) => kind === KIND.interface || kind === KIND.alias;
const isValue = ({ kind }) => kind === KIND.function || kind === KIND.variable;

/** Ids that a reflection mentions in its types. */
function mentions(part, ids = new Set()) {
  if (Array.isArray(part)) for (const one of part) mentions(one, ids);
  else if (part !== null && typeof part === "object") {
    if (part.type === "reference" && typeof part.target === "number") ids.add(part.target);
    for (const [key, value] of Object.entries(part))
      if (!["comment", "inheritedFrom", "overwrites", "extendedBy", "implementedBy", "sources"].includes(key))
        mentions(value, ids);
  }
  return ids;
}

/** Members of a type that is a section of another page: more make a page of their own. */
const SECTION_MEMBERS = 24;

/**
 * @param {import("typedoc").JSONOutput.ProjectReflection} project
 * @returns {{ entries: { name: string, importedFrom: string, all: object[], exports: object[] }[],
 *   places: Map<number, { host: object, path: string, anchor?: string }> }}
 */
export function placesOf(project) {
  const entries = ENTRIES.map((entry) => {
    const module = project.children.find(({ sources }) => sources?.[0].fileName === entry.source);
    return {
      ...entry,
      all: module.children,
      exports: module.children.filter(({ kind }) => kind !== KIND.reference),
    };
  });
  const byId = new Map();
  for (const entry of entries) for (const one of entry.exports) byId.set(one.id, { one, entry });

  const users = new Map(Array.from(byId.keys(), (id) => [id, []]));
  for (const { one } of byId.values())
    for (const id of mentions(one)) if (id !== one.id) users.get(id)?.push(one.id);

  /** The page that an export is on; grows from its own to that of all its users. */
  const hosts = new Map(Array.from(byId.keys(), (id) => [id, id]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [id, { one, entry }] of byId) {
      if (hosts.get(id) !== id || !isType(one) || (one.children?.length ?? 0) > SECTION_MEMBERS) continue;
      const used = new Set(users.get(id).map((user) => hosts.get(user)));
      used.delete(id);
      if (used.size !== 1) continue;
      const [host] = used;
      if (!isValue(byId.get(host).one) || byId.get(host).entry !== entry) continue;
      for (const [other, at] of hosts) if (at === id) hosts.set(other, host);
      changed = true;
    }
  }

  const places = new Map();
  for (const [id, hostId] of hosts) {
    const { one: host, entry } = byId.get(hostId);
    const path = `docs/api/${entry.name}/${isType(host) ? "types/" : ""}${host.name}/`;
    places.set(id, { host, path, anchor: id === hostId ? undefined : byId.get(id).one.name });
  }
  return { entries, places };
}

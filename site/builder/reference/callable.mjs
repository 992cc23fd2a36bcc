/** What can be called of a value whose type is written in other words. */

/** @typedef {{ signatures: object[], given: Map<number, object>, also: object[] }} Callable */

/**
 * Signatures of a type, found through aliases and interfaces with call signatures; undefined where there are none.
 *
 * @param {object} type
 * @param {Map<number, object>} byId  all exports
 * @param {Map<number, object>} [given]  what stands for type parameters
 * @returns {Callable | undefined}  `also`: what the value is besides
 */
export function callableOf(type, byId, given = new Map()) {
  if (type.type === "reflection" && type.declaration.signatures)
    return { signatures: type.declaration.signatures, given, also: [], declaration: type.declaration };
  if (type.type === "intersection") {
    for (const part of type.types) {
      const found = callableOf(part, byId, given);
      if (found) return { ...found, also: [...found.also, ...type.types.filter((other) => other !== part)] };
    }
    return undefined;
  }
  if (type.type !== "reference") return undefined;
  if (type.refersToTypeParameter) {
    const stands = given.get(type.target);
    return stands && callableOf(stands, byId, given);
  }
  const target = byId.get(type.target);
  if (!target) return undefined;
  const inside = new Map(given);
  target.typeParameters?.forEach((parameter, i) => {
    const argument = type.typeArguments?.[i] ?? parameter.default;
    if (argument) inside.set(parameter.id, argument);
  });
  if (target.signatures) return { signatures: target.signatures, given: inside, also: [type] };
  if (!target.type) return undefined;
  const found = callableOf(target.type, byId, inside);
  return found && { ...found, also: [type] };
}

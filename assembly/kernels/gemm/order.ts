/**
 * Whether the engine runs instructions in the order they come in. Tiles that fill the vector registers are fast
 * where it does, and slow where it does not; the bits are the same. See the micro-kernels. A property of the
 * instance, set once when it is made, and no state: programs share nothing by it.
 */
export let keepsOrder = false;

export function setKeepsOrder(value: bool): void {
  keepsOrder = value;
}

import { ConvPanels } from "../../abi";
import { partStart } from "../../parts";

/**
 * Weights in panels of eight columns, as the tiles of a convolution read them.
 *
 * W [kh, kw, c, groups, o], c being the channels of a group and o its filters. By kind:
 *
 *   Forward    [groups, tiles of o][kh, kw, c][8]: filters side by side
 *   Flipped    [groups, tiles of c][kh, kw, both backwards, o][8]: channels side by side
 *   Scattered  [groups, runs, tiles of a run][o][8]: the channels that an output pixel reaches side by side; a run is (kw, c) of
 *              one kh where columns of the window are neighbours, else c of one (kh, kw)
 *
 * The last of several tiles of o or c ends with them, and has columns in common with the one before; columns past the end, of a
 * single tile or a run, are 0.
 *
 * @param kind    ConvPanels
 * @param panels  out as above, 16-byte aligned; overwritten
 * @param w       in  f32
 * @param dw      dilation of columns
 *
 * Parts: cut between panels.
 */
export function convPack(
  kind: i32, panels: usize, w: usize, kh: i32, kw: i32, c: i32, o: i32, groups: i32, dw: i32, part: i32, parts: i32,
): void {
  if (kind == ConvPanels.Scattered) {
    const joined = dw == 1 || kw == 1;
    packScattered(panels, w, joined ? kh : kh * kw, joined ? kw * c : c, o, groups, part, parts);
    return;
  }
  const isForward = kind == ConvPanels.Forward;
  const taps = kh * kw;
  const width = isForward ? o : c;
  const tiles = (width + 7) >> 3;
  const rows = taps * (isForward ? c : o);
  const end = partStart(groups * tiles, 1, part + 1, parts);
  for (let unit = partStart(groups * tiles, 1, part, parts); unit < end; ++unit) {
    const group = unit / tiles;
    const first = min((unit - group * tiles) << 3, max(0, width - 8));
    const to = panels + <usize>unit * (<usize>rows << 5);
    const from = w + (<usize>(group * o) << 2);
    const lanes = min(8, width - first);
    if (isForward) packForward(to, from + (<usize>first << 2), rows, groups * o, lanes);
    else packFlipped(to, from, taps, c, o, groups * o, first, lanes);
  }
}

function packForward(to: usize, w: usize, rows: i32, n: i32, lanes: i32): void {
  const row = <usize>n << 2;
  for (let i = 0; i < rows; ++i, to += 32, w += row) {
    if (lanes == 8) {
      v128.store(to, v128.load(w));
      v128.store(to, v128.load(w, 16), 16);
    } else
      for (let q = 0; q < 8; ++q)
        store<f32>(to + (<usize>q << 2), q < lanes ? load<f32>(w + (<usize>q << 2)) : 0);
  }
}

function packFlipped(to: usize, w: usize, taps: i32, c: i32, o: i32, n: i32, first: i32, lanes: i32): void {
  const row = <usize>n << 2;
  for (let tap = taps - 1; tap >= 0; --tap) {
    const from = w + <usize>(tap * c + first) * row;
    packTransposed(to, from, o, row, lanes);
    to += <usize>o << 5;
  }
}

/** `to[i][q] = w[q][i]` for `lanes` rows of w, which are `row` bytes apart; 0 in the other lanes. */
function packTransposed(to: usize, w: usize, count: i32, row: usize, lanes: i32): void {
  for (let i = 0; i < count; ++i, to += 32, w += 4)
    for (let q = 0; q < 8; ++q)
      store<f32>(to + (<usize>q << 2), q < lanes ? load<f32>(w + <usize>q * row) : 0);
}

function packScattered(
  panels: usize, w: usize, runs: i32, len: i32, o: i32, groups: i32, part: i32, parts: i32,
): void {
  const tiles = (len + 7) >> 3;
  const row = <usize>(groups * o) << 2;
  const units = groups * runs * tiles;
  const end = partStart(units, 1, part + 1, parts);
  for (let unit = partStart(units, 1, part, parts); unit < end; ++unit) {
    const line = unit / tiles;
    const group = line / runs;
    const first = (unit - line * tiles) << 3;
    const from = w + (<usize>(group * o) << 2) + <usize>((line - group * runs) * len + first) * row;
    packTransposed(panels + <usize>unit * (<usize>o << 5), from, o, row, min(8, len - first));
  }
}

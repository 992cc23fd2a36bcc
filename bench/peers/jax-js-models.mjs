/** The networks of models.mjs in jax-js: functions of parameters by name, which they consume, that give logits or outputs. */
import { lax, nn, numpy as np } from "@jax-js/jax";
import { TRANSFORMER } from "./models.mjs";

const affine = (p, name, x) => np.matmul(x, p[`${name}.weight`]).add(p[`${name}.bias`]);

/** Images here are [rows, channels, h, w]. */
function conv(p, name, x, padding) {
  const y = lax.conv(x, np.transpose(p[`${name}.weight`], [3, 2, 0, 1]), [1, 1], padding);
  return nn.relu(y.add(p[`${name}.bias`].reshape([1, -1, 1, 1])));
}

function pool(x) {
  const [n, c, h, w] = x.shape;
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

const channelsFirst = (x) => np.transpose(x, [0, 3, 1, 2]);
const flat = (x) => np.transpose(x, [0, 2, 3, 1]).reshape([x.shape[0], -1]);

function layerNorm(p, name, x) {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  const normal = np.divide(centred, np.sqrt(variance.add(1e-5)));
  return normal.mul(p[`${name}.gamma`]).add(p[`${name}.beta`]);
}

const gelu = (x) => x.ref.mul(0.5).mul(lax.erf(x.mul(Math.SQRT1_2)).add(1));

/** Steps of a sequence [rows, steps, n], each [rows, n]. */
const stepsOf = (x) => np.split(x, x.shape[1], 1).map((part) => part.reshape([part.shape[0], part.shape[2]]));

/** What each step adds to the gates by its input, for all steps at once. */
const gatesOf = (p, x) => stepsOf(affine(p, "recurrent", x));

export const MODELS = {
  lenet(p, x) {
    let h = pool(conv(p, "conv1", channelsFirst(x), "SAME"));
    h = flat(pool(conv(p, "conv2", h, "VALID")));
    return affine(p, "head", nn.relu(affine(p, "dense2", nn.relu(affine(p, "dense1", h)))));
  },

  cnn(p, x) {
    let h = conv(p, "conv1", channelsFirst(x), "SAME");
    h = pool(conv(p, "conv2", h, "SAME"));
    h = flat(pool(conv(p, "conv3", h, "SAME")));
    return affine(p, "head", nn.relu(affine(p, "dense1", h)));
  },

  lstm(p, x) {
    const units = p["recurrent.recurrentWeight"].shape[0];
    let h = np.zeros([x.shape[0], units]);
    let c = np.zeros([x.shape[0], units]);
    const weight = p["recurrent.recurrentWeight"];
    for (const z of gatesOf(p, x)) {
      const [i, f, g, o] = np.split(z.add(np.matmul(h, weight.ref)), 4, 1);
      c = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      h = nn.sigmoid(o).mul(np.tanh(c.ref));
    }
    c.dispose();
    weight.dispose();
    return affine(p, "head", h);
  },

  gru(p, x) {
    const weight = p["recurrent.recurrentWeight"];
    const bias = p["recurrent.recurrentBias"];
    let h = np.zeros([x.shape[0], weight.shape[0]]);
    for (const z of gatesOf(p, x)) {
      const [zr, zz, zn] = np.split(z, 3, 1);
      const [hr, hz, hn] = np.split(np.matmul(h.ref, weight.ref), 3, 1);
      const update = nn.sigmoid(zz.add(hz));
      const next = np.tanh(zn.add(nn.sigmoid(zr.add(hr)).mul(hn.add(bias.ref))));
      h = next.ref.add(update.mul(h.sub(next)));
    }
    weight.dispose();
    bias.dispose();
    return affine(p, "head", h);
  },

  /** `x` is one-hot; there is no gradient of a lookup that is faster. */
  transformer(p, x) {
    const { width, heads, blocks, steps } = TRANSFORMER;
    const rows = x.shape[0];
    const split = (h, name, n) =>
      np.transpose(affine(p, name, h).reshape([rows, steps, heads, width / heads]), n);
    let h = np.matmul(x, p["embedding.weight"]).add(p["positions.weight"]);
    const mask = np.triu(np.full([steps, steps], -1e30), 1);
    for (let b = 1; b <= blocks; b++) {
      const n = layerNorm(p, `block${b}.norm1`, h.ref);
      const q = split(n.ref, `block${b}.query`, [0, 2, 1, 3]);
      const k = split(n.ref, `block${b}.key`, [0, 2, 3, 1]);
      const v = split(n, `block${b}.value`, [0, 2, 1, 3]);
      const scores = np
        .matmul(q, k)
        .mul((width / heads) ** -0.5)
        .add(mask.ref);
      const mixed = np.transpose(np.matmul(nn.softmax(scores, -1), v), [0, 2, 1, 3]);
      h = h.add(affine(p, `block${b}.output`, mixed.reshape([rows, steps, width])));
      const up = gelu(affine(p, `block${b}.up`, layerNorm(p, `block${b}.norm2`, h.ref)));
      h = h.add(affine(p, `block${b}.down`, up));
    }
    mask.dispose();
    return affine(p, "head", layerNorm(p, "norm", h));
  },

  microbit(p, x) {
    const centred = x.ref.sub(np.mean(x, 0, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), 0, { keepdims: true });
    const normal = np.divide(centred, np.sqrt(variance.add(1e-5)));
    const h = normal.mul(p["norm.gamma"]).add(p["norm.beta"]);
    return affine(p, "head", nn.relu(affine(p, "dense1", h)));
  },
};

/** The networks of models.mjs in TensorFlow.js: functions of parameters by name that give logits or outputs. */
import { TRANSFORMER } from "./models.mjs";

/** @param tf the library, with its backend set */
export function modelsOf(tf) {
  const affine = (p, name, x) => {
    const w = p[`${name}.weight`];
    const rows = x.reshape([-1, w.shape[0]]);
    const y = tf.add(tf.matMul(rows, w), p[`${name}.bias`]);
    return y.reshape([...x.shape.slice(0, -1), w.shape[1]]);
  };
  const conv = (p, name, x, padding) =>
    tf.relu(tf.add(tf.conv2d(x, p[`${name}.weight`], 1, padding), p[`${name}.bias`]));
  const pool = (x) => tf.maxPool(x, 2, 2, "valid");
  const flat = (x) => x.reshape([x.shape[0], -1]);

  function normalized(x, axis) {
    const centred = tf.sub(x, tf.mean(x, axis, true));
    return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), axis, true), 1e-5)));
  }
  const norm = (p, name, x, axis) =>
    tf.add(tf.mul(normalized(x, axis), p[`${name}.gamma`]), p[`${name}.beta`]);
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const gatesOf = (p, x) => tf.unstack(affine(p, "recurrent", x), 1);

  return {
    lenet(p, x) {
      const h = pool(conv(p, "conv2", pool(conv(p, "conv1", x, "same")), "valid"));
      return affine(p, "head", tf.relu(affine(p, "dense2", tf.relu(affine(p, "dense1", flat(h))))));
    },

    cnn(p, x) {
      const h = pool(conv(p, "conv2", conv(p, "conv1", x, "same"), "same"));
      return affine(p, "head", tf.relu(affine(p, "dense1", flat(pool(conv(p, "conv3", h, "same"))))));
    },

    lstm(p, x) {
      const weight = p["recurrent.recurrentWeight"];
      let h = tf.zeros([x.shape[0], weight.shape[0]]);
      let c = h;
      for (const z of gatesOf(p, x)) {
        const [i, f, g, o] = tf.split(tf.add(z, tf.matMul(h, weight)), 4, 1);
        c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
        h = tf.mul(tf.sigmoid(o), tf.tanh(c));
      }
      return affine(p, "head", h);
    },

    gru(p, x) {
      const weight = p["recurrent.recurrentWeight"];
      let h = tf.zeros([x.shape[0], weight.shape[0]]);
      for (const z of gatesOf(p, x)) {
        const [zr, zz, zn] = tf.split(z, 3, 1);
        const [hr, hz, hn] = tf.split(tf.matMul(h, weight), 3, 1);
        const update = tf.sigmoid(tf.add(zz, hz));
        const next = tf.tanh(
          tf.add(zn, tf.mul(tf.sigmoid(tf.add(zr, hr)), tf.add(hn, p["recurrent.recurrentBias"]))),
        );
        h = tf.add(next, tf.mul(update, tf.sub(h, next)));
      }
      return affine(p, "head", h);
    },

    /** `x` is one-hot: the wasm backend has no gradient of a lookup. */
    transformer(p, x) {
      const { width, heads, blocks, steps } = TRANSFORMER;
      const rows = x.shape[0];
      const split = (h, name) =>
        tf.transpose(affine(p, name, h).reshape([rows, steps, heads, width / heads]), [0, 2, 1, 3]);
      const later = tf.linalg.bandPart(tf.ones([steps, steps]), -1, 0);
      const mask = tf.mul(tf.sub(later, 1), 1e30);
      const table = p["embedding.weight"];
      const found = tf.matMul(x.reshape([rows * steps, -1]), table).reshape([rows, steps, width]);
      let h = tf.add(found, p["positions.weight"]);
      for (let b = 1; b <= blocks; b++) {
        const n = norm(p, `block${b}.norm1`, h, -1);
        const [q, k, v] = ["query", "key", "value"].map((name) => split(n, `block${b}.${name}`));
        const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), (width / heads) ** -0.5), mask);
        const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
        h = tf.add(h, affine(p, `block${b}.output`, mixed.reshape([rows, steps, width])));
        const up = gelu(affine(p, `block${b}.up`, norm(p, `block${b}.norm2`, h, -1)));
        h = tf.add(h, affine(p, `block${b}.down`, up));
      }
      return affine(p, "head", norm(p, "norm", h, -1));
    },

    microbit: (p, x) => affine(p, "head", tf.relu(affine(p, "dense1", norm(p, "norm", x, 0)))),
  };
}

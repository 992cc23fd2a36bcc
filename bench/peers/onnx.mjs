/** Models of dense layers as ONNX files: the few messages of the format that they need, written by hand. */

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
const number = (field, n) => Buffer.from([...varint(field << 3), ...varint(n)]);
const bytes = (field, content) =>
  Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
const text = (field, content) => bytes(field, Buffer.from(content));
const message = (...fields) => Buffer.concat(fields);

const FLOAT = 1;

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
const tensor = (name, dims, data) =>
  message(
    ...dims.map((d) => number(1, d)),
    number(2, FLOAT),
    text(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }. */
const value = (name, dims) =>
  message(
    text(1, name),
    bytes(
      2,
      bytes(1, message(number(1, FLOAT), bytes(2, message(...dims.map((d) => bytes(1, number(1, d))))))),
    ),
  );

/** NodeProto: input 1, output 2, op_type 4. */
const node = (op, inputs, output) => message(...inputs.map((i) => text(1, i)), text(2, output), text(4, op));

/** A network x [batch, in] -> y [batch, out] that ends in softmax. */
export function onnxModel(layers, batch, hidden) {
  const nodes = [];
  const initializers = [];
  let h = "x";
  layers.forEach(({ w, b, inputs, units }, l) => {
    initializers.push(tensor(`w${l}`, [inputs, units], w), tensor(`b${l}`, [units], b));
    nodes.push(node("Gemm", [h, `w${l}`, `b${l}`], `z${l}`));
    const last = l + 1 === layers.length;
    h = last ? "y" : `h${l}`;
    nodes.push(node(last ? "Softmax" : hidden === "relu" ? "Relu" : "Tanh", [`z${l}`], h));
  });
  // GraphProto: node 1, name 2, initializer 5, input 11, output 12.
  const graph = message(
    ...nodes.map((n) => bytes(1, n)),
    text(2, "network"),
    ...initializers.map((t) => bytes(5, t)),
    bytes(11, value("x", [batch, layers[0].inputs])),
    bytes(12, value("y", [batch, layers.at(-1).units])),
  );
  // ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }.
  return message(number(1, 8), bytes(7, graph), bytes(8, number(2, 13)));
}

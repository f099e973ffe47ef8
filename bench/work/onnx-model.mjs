// work/onnx-model.mjs: the bytes of an ONNX model with a workload's layers. protobufjs encodes; the part of onnx.proto that
// such a model needs stands below (names and numbers from github.com/onnx/onnx, onnx.proto).
import protobuf from 'protobufjs';
import { inputsOf } from '../workloads.mjs';

const { root } = protobuf.parse(
  `syntax = "proto2"; package onnx;
  message AttributeProto { optional string name = 1; optional int64 i = 3; optional bytes s = 4;
    repeated int64 ints = 8; repeated bytes strings = 9; optional int32 type = 20; }
  message NodeProto { repeated string input = 1; repeated string output = 2; optional string op_type = 4;
    repeated AttributeProto attribute = 5; }
  message TensorProto { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8;
    optional bytes raw_data = 9; }
  message Dimension { optional int64 dim_value = 1; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorTypeProto { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message TypeProto { optional TensorTypeProto tensor_type = 1; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message GraphProto { repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message ModelProto { optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8; }`,
  { keepCase: true },
);
const Model = root.lookupType('onnx.ModelProto');

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const ATTRIBUTE = { i: 2, s: 3, ints: 7, strings: 8 };

const attribute = (kind, name, value) => ({ name, type: ATTRIBUTE[kind], [kind]: value });
const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const constant = (name, data_type, dims, array) => ({ name, data_type, dims, raw_data: bytes(array) });
const value = (name, elem_type, dims) => ({
  name,
  type: { tensor_type: { elem_type, shape: { dim: dims.map((dim_value) => ({ dim_value })) } } },
});

/** ONNX's k-th gate is this gate of PyTorch's order: LSTM i o f c of i f g o, GRU z r h of r z n. */
const GATES = { lstm: [0, 3, 1, 2], gru: [1, 0, 2], rnn: [0] };
const OP = { lstm: 'LSTM', gru: 'GRU', rnn: 'RNN' };

/**
 * Inputs: x [T,B,I]; lengths [B] if the workload is ragged; h (and c) [1,B,H] for a step. Outputs: y [T,B,D*H], or for a
 * step hn (and cn).
 */
export function recurrentModel(w, parts) {
  const { T, B, H, directions: D } = w;
  const step = w.mode === 'step';
  const state = (suffix) => (w.cell === 'lstm' ? [`h${suffix}`, `c${suffix}`] : [`h${suffix}`]);
  const node = [];
  const initializer = [];
  for (let k = 0; k < w.layers; k++) {
    initializer.push(...weightsOf(w, parts, k));
    const attributes = [attribute('i', 'hidden_size', H)];
    attributes.push(attribute('s', 'direction', new TextEncoder().encode(D === 2 ? 'bidirectional' : 'forward')));
    if (w.cell === 'gru') attributes.push(attribute('i', 'linear_before_reset', 1));
    node.push({
      op_type: OP[w.cell],
      input: [
        k === 0 ? 'x' : `y${k - 1}`,
        `W${k}`,
        `R${k}`,
        `B${k}`,
        w.lengths ? 'lengths' : '',
        ...(step ? state('') : []),
      ],
      output: step ? ['', ...state('n')] : [`Y${k}`],
      attribute: attributes,
    });
    if (step) continue;
    // Y is [T,D,B,H]. With one direction a new shape is all it takes; two have to go behind B, into the features.
    if (D === 2)
      node.push({
        op_type: 'Transpose',
        input: [`Y${k}`],
        output: [`Yt${k}`],
        attribute: [attribute('ints', 'perm', [0, 2, 1, 3])],
      });
    node.push({
      op_type: 'Reshape',
      input: [D === 2 ? `Yt${k}` : `Y${k}`, 'shape'],
      output: [k === w.layers - 1 ? 'y' : `y${k}`],
    });
  }
  if (!step) initializer.push(constant('shape', INT64, [3], BigInt64Array.from([T, B, D * H].map(BigInt))));
  const input = [value('x', FLOAT, [T, B, w.I])];
  if (w.lengths) input.push(value('lengths', INT32, [B]));
  if (step) input.push(...state('').map((name) => value(name, FLOAT, [1, B, H])));
  const output = step ? state('n').map((name) => value(name, FLOAT, [1, B, H])) : [value('y', FLOAT, [T, B, D * H])];

  const model = {
    ir_version: 8,
    producer_name: 'unrolled-bench',
    opset_import: [{ domain: '', version: 14 }],
    graph: { name: 'recurrent', node, initializer, input, output },
  };
  const wrong = Model.verify(model);
  if (wrong) throw new Error(`onnx model: ${wrong}`);
  return Model.encode(model).finish();
}

/** W [D, G*H, I], R [D, G*H, H] and B [D, 2*G*H] (input biases, then recurrent ones) of layer k. */
function weightsOf(w, parts, k) {
  const { H, gates: G, directions: D } = w;
  const I = inputsOf(w, k);
  const reorder = (from, width) => {
    const to = new Float32Array(from.length);
    GATES[w.cell].forEach((gate, at) => {
      to.set(from.subarray(gate * H * width, (gate + 1) * H * width), at * H * width);
    });
    return to;
  };
  const suffixes = ['', '_reverse'].slice(0, D);
  const joined = (kinds, width) => {
    const pieces = suffixes.flatMap((s) => kinds.map((kind) => reorder(parts[`${kind}_l${k}${s}`], width)));
    const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  };
  return [
    constant(`W${k}`, FLOAT, [D, G * H, I], joined(['weight_ih'], I)),
    constant(`R${k}`, FLOAT, [D, G * H, H], joined(['weight_hh'], H)),
    constant(`B${k}`, FLOAT, [D, 2 * G * H], joined(['bias_ih', 'bias_hh'], 1)),
  ];
}

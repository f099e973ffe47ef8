// onednn.cc: oneDNN's RNN primitives as a subject of the benchmark. Reads one command a line, answers one line of JSON:
//   setup key=value ...   reads inputs and weights, runs once, writes the results to the file given as `result`
//   run SAMPLES INNER     SAMPLES timed samples, each the mean of INNER runs
//
// The primitive alone is timed, on weights already in the layout it asked for (format "any"): the fastest that a caller
// can have it. With ragged lengths it computes the whole padded batch, since it knows no lengths.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "oneapi/dnnl/dnnl.hpp"

using dnnl::memory;
using dnnl::primitive_desc_base;
using dnnl::prop_kind;
using dnnl::rnn_direction;
using tag = memory::format_tag;
using Floats = std::vector<float>;

static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
static dnnl::stream stream(engine);

static memory::desc f32(const memory::dims& dims, tag format) { return {dims, memory::data_type::f32, format}; }

struct Workload {
  std::string cell, mode, file, result;
  long I, H, T, B, layers, directions;
  std::vector<long> lengths;  // empty: every row is T long

  explicit Workload(std::istringstream& words) {
    std::map<std::string, std::string> given;
    for (std::string word; words >> word;) {
      const size_t at = word.find('=');
      given[word.substr(0, at)] = word.substr(at + 1);
    }
    const auto number = [&](const char* key) { return std::stol(given.at(key)); };
    cell = given.at("cell"), mode = given.at("mode"), file = given.at("file"), result = given.at("result");
    I = number("I"), H = number("H"), T = number("T"), B = number("B");
    layers = number("layers"), directions = number("directions");
    std::istringstream list(given["lengths"]);
    for (std::string length; std::getline(list, length, ',');) lengths.push_back(std::stol(length));
  }

  bool train() const { return mode == "train"; }
  bool step() const { return mode == "step"; }
  long gates() const { return cell == "lstm" ? 4 : cell == "gru" ? 3 : 1; }
  long biases() const { return cell == "gru" ? 4 : gates(); }  // the GRU keeps b_hn apart, as PyTorch does
  long width(long layer) const { return layer == 0 ? I : directions * H; }
  // oneDNN's gate g is PyTorch's. GRU: u r o are z r n, the other way round in PyTorch: r z n.
  long gate(long g) const { return cell == "gru" && g < 2 ? 1 - g : g; }
};

// A stretch of the input file after another, in the order of bench/inputs.mjs.
struct Reader {
  std::ifstream in;
  Floats operator()(long count) {
    Floats out(count);
    if (!in.read(reinterpret_cast<char*>(out.data()), count * sizeof(float)))
      throw std::runtime_error("the input file is too short");
    return out;
  }
};

static void put(memory& to, const Floats& from) {
  std::copy(from.begin(), from.end(), static_cast<float*>(to.get_data_handle()));
}
static void zero(memory& m) {
  float* data = static_cast<float*>(m.get_data_handle());
  std::fill(data, data + m.get_desc().get_size() / sizeof(float), 0.0f);
}
static memory reordered(memory from, const memory::desc& wanted) {
  memory to(wanted, engine);
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

// One layer: its primitives, and everything they read and write.
struct Layer {
  dnnl::primitive forward, backward;
  std::unordered_map<int, memory> forward_args, backward_args;
  memory y, dx;
};

// Descriptors of one layer's tensors; empty ones are done without.
struct Descs {
  memory::desc x, h0, c0, w_ih, w_hh, b, y, hn, cn;
};

// The primitive descriptors of one cell: forward, and backward if the workload trains.
static std::pair<primitive_desc_base, primitive_desc_base> describe(const Workload& w, const Descs& d) {
  const auto kind = w.train() ? prop_kind::forward_training : prop_kind::forward_inference;
  const auto way = w.directions == 2 ? rnn_direction::bidirectional_concat : rnn_direction::unidirectional_left2right;
  const memory::desc none;
  if (w.cell == "lstm") {
    using F = dnnl::lstm_forward;
    using R = dnnl::lstm_backward;
    const F::primitive_desc f(F::desc(kind, way, d.x, d.h0, d.c0, d.w_ih, d.w_hh, d.b, d.y, d.hn, d.cn), engine);
    if (!w.train()) return {f, {}};
    return {f, R::primitive_desc(R::desc(prop_kind::backward, way, d.x, d.h0, d.c0, d.w_ih, d.w_hh, d.b, d.y, none,
                                         none, d.x, d.h0, d.c0, d.w_ih, d.w_hh, d.b, d.y, none, none),
                                 engine, f)};
  }
  if (w.cell == "gru") {
    using F = dnnl::lbr_gru_forward;
    using R = dnnl::lbr_gru_backward;
    const F::primitive_desc f(F::desc(kind, way, d.x, d.h0, d.w_ih, d.w_hh, d.b, d.y, d.hn), engine);
    if (!w.train()) return {f, {}};
    return {f, R::primitive_desc(R::desc(prop_kind::backward, way, d.x, d.h0, d.w_ih, d.w_hh, d.b, d.y, none, d.x, d.h0,
                                         d.w_ih, d.w_hh, d.b, d.y, none),
                                 engine, f)};
  }
  using F = dnnl::vanilla_rnn_forward;
  using R = dnnl::vanilla_rnn_backward;
  const auto tanh = dnnl::algorithm::eltwise_tanh;
  const F::primitive_desc f(F::desc(kind, tanh, way, d.x, d.h0, d.w_ih, d.w_hh, d.b, d.y, d.hn), engine);
  if (!w.train()) return {f, {}};
  return {f, R::primitive_desc(R::desc(prop_kind::backward, tanh, way, d.x, d.h0, d.w_ih, d.w_hh, d.b, d.y, none, d.x,
                                       d.h0, d.w_ih, d.w_hh, d.b, d.y, none),
                               engine, f)};
}

class Net {
 public:
  explicit Net(const Workload& w) : w(w) {
    Reader read{std::ifstream(w.file, std::ios::binary)};
    const long rows = w.T * w.B;
    memory x(f32({w.T, w.B, w.I}, tag::tnc), engine);
    put(x, read(rows * w.I));
    memory dy;
    if (w.train()) {
      dy = memory(f32({w.T, w.B, w.directions * w.H}, tag::tnc), engine);
      put(dy, read(rows * w.directions * w.H));
    }
    Floats h, c;
    if (w.step()) {
      h = read(w.B * w.H);
      if (w.cell == "lstm") c = read(w.B * w.H);
    }
    for (long k = 0; k < w.layers; k++) layers.push_back(make(k, read, k == 0 ? x : layers.back().y, h, c));
    if (w.train()) {
      for (long k = w.layers; k-- > 0;)
        layers[k].backward_args[DNNL_ARG_DIFF_DST_LAYER] = k == w.layers - 1 ? dy : layers[k + 1].dx;
    }
  }

  void run() {
    for (Layer& layer : layers) layer.forward.execute(stream, layer.forward_args);
    if (w.train())
      for (size_t k = layers.size(); k-- > 0;) layers[k].backward.execute(stream, layers[k].backward_args);
    stream.wait();
    if (w.step()) pass_state(layers[0]);
  }

  // oneDNN adds to the gradients of weights. Setting them to zero is not timed: the peer gets the benefit.
  void zero_gradients() {
    for (Layer& layer : layers)
      for (int arg : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
        if (w.train()) zero(layer.backward_args.at(arg));
  }

  // In the order of bench/inputs.mjs, resultsOf.
  void write_results() {
    out.open(w.result, std::ios::binary);
    if (w.step()) {  // the state that the next step starts from is what this one left
      append(layers[0].forward_args.at(DNNL_ARG_SRC_ITER));
      if (w.cell == "lstm") append(layers[0].forward_args.at(DNNL_ARG_SRC_ITER_C));
    } else {
      mask_padding(layers.back().y);
      append(layers.back().y);
    }
    if (w.train()) {
      append(layers[0].dx);
      for (long k = 0; k < w.layers; k++) append_gradients(k);
    }
    out.close();
  }

 private:
  Workload w;
  std::vector<Layer> layers;
  std::ofstream out;

  // Where a sequence starts from. Left out, oneDNN takes zeros too, but its gradient of w_hh then adds up memory that
  // nobody wrote (2.6.3, LSTM and RNN): so training gets zeros written out, and inference none.
  memory start(const Floats& values) const {
    memory m(f32({1, w.directions, w.B, w.H}, tag::ldnc), engine);
    zero(m);
    put(m, values);
    return m;
  }

  Layer make(long k, Reader& read, const memory& x, const Floats& h_values, const Floats& c_values) {
    const long I = w.width(k), H = w.H, G = w.gates(), D = w.directions;
    const memory::dims dims_ih{1, D, I, G, H}, dims_hh{1, D, H, G, H}, dims_b{1, D, w.biases(), H};
    memory w_ih(f32(dims_ih, tag::ldigo), engine), w_hh(f32(dims_hh, tag::ldigo), engine);
    memory b(f32(dims_b, tag::ldgo), engine);
    for (long d = 0; d < D; d++) read_weights(read, d, I, w_ih, w_hh, b);

    const bool starts = w.train() || w.step();
    const memory h = starts ? start(h_values) : memory();
    const memory c = starts && w.cell == "lstm" ? start(c_values) : memory();
    Descs descs;
    descs.x = x.get_desc();
    descs.y = f32({w.T, w.B, D * H}, tag::tnc);
    descs.w_ih = f32(dims_ih, tag::any), descs.w_hh = f32(dims_hh, tag::any), descs.b = b.get_desc();
    if (h) descs.h0 = h.get_desc();
    if (c) descs.c0 = c.get_desc();
    if (w.step()) descs.hn = descs.h0, descs.cn = descs.c0;
    const auto [forward, backward] = describe(w, descs);
    const auto wanted = [](const primitive_desc_base& pd, int arg) {
      return pd.query_md(dnnl::query::exec_arg_md, arg);
    };

    Layer layer;
    layer.y = memory(descs.y, engine);
    layer.forward = dnnl::primitive(forward.get());
    layer.forward_args = {{DNNL_ARG_SRC_LAYER, x},
                          {DNNL_ARG_WEIGHTS_LAYER, reordered(w_ih, wanted(forward, DNNL_ARG_WEIGHTS_LAYER))},
                          {DNNL_ARG_WEIGHTS_ITER, reordered(w_hh, wanted(forward, DNNL_ARG_WEIGHTS_ITER))},
                          {DNNL_ARG_BIAS, b},
                          {DNNL_ARG_DST_LAYER, layer.y}};
    if (h) layer.forward_args[DNNL_ARG_SRC_ITER] = h;
    if (c) layer.forward_args[DNNL_ARG_SRC_ITER_C] = c;
    if (w.step()) layer.forward_args[DNNL_ARG_DST_ITER] = start({});
    if (w.step() && c) layer.forward_args[DNNL_ARG_DST_ITER_C] = start({});
    if (!w.train()) return layer;

    const memory workspace(forward.query_md(dnnl::query::workspace_md), engine);
    layer.forward_args[DNNL_ARG_WORKSPACE] = workspace;
    layer.dx = memory(descs.x, engine);
    layer.backward = dnnl::primitive(backward.get());
    layer.backward_args = {{DNNL_ARG_SRC_LAYER, x},
                           {DNNL_ARG_WEIGHTS_LAYER, reordered(w_ih, wanted(backward, DNNL_ARG_WEIGHTS_LAYER))},
                           {DNNL_ARG_WEIGHTS_ITER, reordered(w_hh, wanted(backward, DNNL_ARG_WEIGHTS_ITER))},
                           {DNNL_ARG_BIAS, b},
                           {DNNL_ARG_DST_LAYER, layer.y},
                           {DNNL_ARG_WORKSPACE, workspace},
                           {DNNL_ARG_DIFF_SRC_LAYER, layer.dx},
                           {DNNL_ARG_DIFF_WEIGHTS_LAYER, memory(wanted(backward, DNNL_ARG_DIFF_WEIGHTS_LAYER), engine)},
                           {DNNL_ARG_DIFF_WEIGHTS_ITER, memory(wanted(backward, DNNL_ARG_DIFF_WEIGHTS_ITER), engine)},
                           {DNNL_ARG_DIFF_BIAS, memory(wanted(backward, DNNL_ARG_DIFF_BIAS), engine)},
                           {DNNL_ARG_SRC_ITER, h},
                           {DNNL_ARG_DIFF_SRC_ITER, start({})}};
    if (c) layer.backward_args[DNNL_ARG_SRC_ITER_C] = c;
    if (c) layer.backward_args[DNNL_ARG_DIFF_SRC_ITER_C] = start({});
    return layer;
  }

  // PyTorch's [gate*H + o, i] into oneDNN's [i, gate, o]; the two biases into one, but for the GRU's b_hn.
  void read_weights(Reader& read, long d, long I, memory& w_ih, memory& w_hh, memory& b) const {
    const long H = w.H, G = w.gates();
    const auto place = [&](const Floats& from, long inputs, memory& m) {
      float* to = static_cast<float*>(m.get_data_handle()) + d * inputs * G * H;
      for (long i = 0; i < inputs; i++)
        for (long g = 0; g < G; g++)
          for (long o = 0; o < H; o++) to[(i * G + g) * H + o] = from[(w.gate(g) * H + o) * inputs + i];
    };
    place(read(G * H * I), I, w_ih);
    place(read(G * H * H), H, w_hh);
    const Floats b_ih = read(G * H), b_hh = read(G * H);
    float* to = static_cast<float*>(b.get_data_handle()) + d * w.biases() * H;
    for (long g = 0; g < G; g++)
      for (long o = 0; o < H; o++) {
        const long at = w.gate(g) * H + o;
        const bool apart = w.cell == "gru" && g == 2;
        to[g * H + o] = apart ? b_ih[at] : b_ih[at] + b_hh[at];
        if (apart) to[3 * H + o] = b_hh[at];
      }
  }

  void pass_state(Layer& layer) {
    auto& args = layer.forward_args;
    std::swap(args.at(DNNL_ARG_SRC_ITER), args.at(DNNL_ARG_DST_ITER));
    if (w.cell == "lstm") std::swap(args.at(DNNL_ARG_SRC_ITER_C), args.at(DNNL_ARG_DST_ITER_C));
  }

  void mask_padding(memory& y) const {
    const long width = w.directions * w.H;
    float* data = static_cast<float*>(y.get_data_handle());
    for (size_t b = 0; b < w.lengths.size(); b++)
      for (long t = w.lengths[b]; t < w.T; t++) std::fill_n(data + (t * w.B + b) * width, width, 0.0f);
  }

  void write(const float* data, size_t count) { out.write(reinterpret_cast<const char*>(data), count * sizeof(float)); }
  void append(const memory& m) {
    write(static_cast<const float*>(m.get_data_handle()), m.get_desc().get_size() / sizeof(float));
  }

  void append_gradients(long k) {
    const long I = w.width(k), H = w.H, G = w.gates(), D = w.directions;
    auto& args = layers[k].backward_args;
    const memory dw_ih = reordered(args.at(DNNL_ARG_DIFF_WEIGHTS_LAYER), f32({1, D, I, G, H}, tag::ldigo));
    const memory dw_hh = reordered(args.at(DNNL_ARG_DIFF_WEIGHTS_ITER), f32({1, D, H, G, H}, tag::ldigo));
    const float* db = static_cast<const float*>(args.at(DNNL_ARG_DIFF_BIAS).get_data_handle());
    const auto matrix = [&](const memory& m, long inputs, long d) {
      const float* from = static_cast<const float*>(m.get_data_handle()) + d * inputs * G * H;
      Floats to(G * H * inputs);
      for (long i = 0; i < inputs; i++)
        for (long g = 0; g < G; g++)
          for (long o = 0; o < H; o++) to[(w.gate(g) * H + o) * inputs + i] = from[(i * G + g) * H + o];
      write(to.data(), to.size());
    };
    for (long d = 0; d < D; d++) {
      matrix(dw_ih, I, d);
      matrix(dw_hh, H, d);
      for (const bool hidden : {false, true})
        for (long g = 0; g < G; g++) {
          const long from = hidden && w.cell == "gru" && g == 2 ? 3 : w.gate(g);
          write(db + (d * w.biases() + from) * H, H);
        }
    }
  }
};

// Microseconds a run, the mean of `inner`.
static double timed(Net& net, long inner) {
  net.zero_gradients();
  const auto start = std::chrono::steady_clock::now();
  for (long k = 0; k < inner; k++) net.run();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / inner;
}

int main(int, char** argv) {
  const dnnl_version_t* version = dnnl_version();
  std::printf("{\"version\":\"%d.%d.%d\",\"threads\":%s}\n", version->major, version->minor, version->patch, argv[1]);
  std::fflush(stdout);
  std::unique_ptr<Net> net;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    try {
      if (command == "setup") {
        net.reset(new Net(Workload(words)));
        std::printf("{\"us\":%f}\n", timed(*net, 1));
        net->write_results();
      } else {
        long samples = 0, inner = 0;
        words >> samples >> inner;
        std::string answer;
        for (long s = 0; s < samples; s++) answer += (s ? "," : "") + std::to_string(timed(*net, inner));
        std::printf("{\"us\":[%s]}\n", answer.c_str());
      }
    } catch (const std::exception& error) {
      std::printf("{\"error\":\"%s\"}\n", error.what());
    }
    std::fflush(stdout);
  }
}

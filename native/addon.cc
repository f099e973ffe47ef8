// addon.cc: the Node addon. It opens environments (an instruction set and its threads), tells the addresses of
// ArrayBuffers, and calls kernels by index. It knows no kernel: those come from the generated tables. Whatever
// JavaScript passes, the worst that happens here is a TypeError; what a frame may hold is checked in
// src/backend/generated/abi.ts.
//
// Everything belongs to the Node environment that loaded the addon (a worker_thread has its own): nothing is global,
// and the threads are joined when that environment ends, also by worker.terminate().
#include <napi.h>

#include <new>

#include "generated/kernels.h"
#include "runtime/calls.h"

namespace {

const u_call* table_of(int isa) {
  switch (isa) {
#if defined(__x86_64__) || defined(_M_X64)
    case U_ISA_AVX512:
      return unrolled::calls_avx512();
    case U_ISA_AVX2:
      return unrolled::calls_avx2();
    case U_ISA_SSE:
      return unrolled::calls_sse();
#elif defined(__aarch64__) || defined(_M_ARM64)
    case U_ISA_NEON:
      return unrolled::calls_neon();
#endif
    default:
      return nullptr;
  }
}

// What open() made. Functions handed to JavaScript point at it, so it lives until the environment ends; close() gives
// back what is large, the threads and the packing buffers.
struct Instance {
  u_ctx* ctx = nullptr;
  const u_call* table = nullptr;
  // The arguments of the next call. An ordinary ArrayBuffer of JavaScript, held here: Electron refuses external ones.
  double* frame = nullptr;
  Napi::Reference<Napi::Float64Array> frame_array;
  Instance* next = nullptr;

  ~Instance() {
    u_close(ctx);
    frame_array.SuppressDestruct();  // the environment that held it is ending
  }
};

Instance* instance_of(const Napi::CallbackInfo& info) {
  Instance* instance = static_cast<Instance*>(info.Data());
  if (instance->ctx) return instance;
  Napi::Error::New(info.Env(), "unrolled addon: this instance was closed").ThrowAsJavaScriptException();
  return nullptr;
}

// call(index): status. The one path that is hot, hence plain Node-API.
napi_value call(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  void* data;
  int32_t index = -1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &data);
  Instance* instance = static_cast<Instance*>(data);
  if (!instance->ctx) {
    napi_throw_error(env, nullptr, "unrolled addon: this instance was closed");
    return nullptr;
  }
  if (count < 1 || napi_get_value_int32(env, argument, &index) != napi_ok || index < 0 || index >= kernel_count) {
    napi_throw_type_error(env, nullptr, "unrolled addon: call(index) needs the number of a kernel");
    return nullptr;
  }
  napi_value status;
  napi_create_int32(env, instance->table[index](instance->ctx, instance->frame), &status);
  return status;
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  Instance* instance = instance_of(info);
  return instance ? Napi::Number::New(info.Env(), instance->ctx->threads) : info.Env().Undefined();
}

// setThreads(n): the number there are now; fewer than asked for where the system refuses more.
Napi::Value set_threads(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Instance* instance = instance_of(info);
  if (!instance) return env.Undefined();
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(env, "unrolled addon: setThreads(n) needs a number").ThrowAsJavaScriptException();
  } else if (u_set_threads(instance->ctx, info[0].As<Napi::Number>().Int32Value()) != U_OK) {
    Napi::Error::New(env, "unrolled addon: no memory for the threads' buffers").ThrowAsJavaScriptException();
  }
  return Napi::Number::New(env, instance->ctx->threads);
}

void close(const Napi::CallbackInfo& info) {
  Instance* instance = static_cast<Instance*>(info.Data());
  u_close(instance->ctx);
  instance->ctx = nullptr;
}

// addressOf(buffer): where an ArrayBuffer's bytes are. They stay there until it is collected or detached.
Napi::Value address_of(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArrayBuffer() || info[0].As<Napi::ArrayBuffer>().IsDetached()) {
    Napi::TypeError::New(env, "unrolled addon: addressOf(buffer) needs an ArrayBuffer that is not detached")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const void* data = info[0].As<Napi::ArrayBuffer>().Data();
  return Napi::Number::New(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)));
}

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    Napi::Array names = Napi::Array::New(env, kernel_count);
    for (uint32_t k = 0; k < kernel_count; k++) names[k] = kernel_names[k];
    Napi::Array isas = Napi::Array::New(env);
    for (int isa : {U_ISA_AVX512, U_ISA_AVX2, U_ISA_SSE, U_ISA_NEON})
      if (u_isa_supported(isa)) isas[isas.Length()] = u_isa_name(isa);
    DefineAddon(exports,
                {InstanceValue("abi", Napi::Number::New(env, u_abi_version()), napi_enumerable),
                 InstanceValue("kernels", names, napi_enumerable), InstanceValue("isas", isas, napi_enumerable),
                 InstanceMethod("open", &Addon::Open, napi_enumerable)});
    exports["addressOf"] = Napi::Function::New<address_of>(env, "addressOf");
  }

  ~Addon() {
    while (instances_) {
      Instance* first = instances_;
      instances_ = first->next;
      delete first;
    }
  }

 private:
  // open({ simd?, threads? }): { simd, frame, call, threads, setThreads, close }
  Napi::Value Open(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    int isa = u_isa_best();
    int threads_wanted = 1;
    if (info[0].IsObject()) {
      const Napi::Object options = info[0].As<Napi::Object>();
      const Napi::Value simd = options.Get("simd");
      const Napi::Value count = options.Get("threads");
      if (env.IsExceptionPending()) return env.Undefined();  // a getter threw
      if (!simd.IsUndefined()) isa = IsaNamed(simd);
      if (count.IsNumber()) threads_wanted = count.As<Napi::Number>().Int32Value();
    }
    const u_call* table = table_of(isa);
    if (!table) {
      Napi::TypeError::New(env, "unrolled addon: open({ simd }) needs one of `isas`").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    Instance* instance = new (std::nothrow) Instance;
    if (instance) instance->ctx = u_open(isa, threads_wanted);
    if (!instance || !instance->ctx) {
      delete instance;
      Napi::Error::New(env, "unrolled addon: no memory to open an instance").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    instance->next = instances_;
    instances_ = instance;
    instance->table = table;
    Napi::Float64Array frame = Napi::Float64Array::New(env, frame_length);
    instance->frame = frame.Data();
    instance->frame_array = Napi::Persistent(frame);

    napi_value call_function = nullptr;
    napi_create_function(env, "call", NAPI_AUTO_LENGTH, call, instance, &call_function);
    Napi::Object object = Napi::Object::New(env);
    object["simd"] = u_isa_name(isa);
    object["frame"] = frame;
    object["call"] = Napi::Value(env, call_function);
    object["threads"] = Napi::Function::New<threads>(env, "threads", instance);
    object["setThreads"] = Napi::Function::New<set_threads>(env, "setThreads", instance);
    object["close"] = Napi::Function::New<close>(env, "close", instance);
    return object;
  }

  // The instruction set of this name, if this CPU has it; else one that has no table.
  static int IsaNamed(const Napi::Value& name) {
    if (!name.IsString()) return U_ISA_SCALAR;
    const std::string wanted = name.As<Napi::String>();
    for (int isa : {U_ISA_AVX512, U_ISA_AVX2, U_ISA_SSE, U_ISA_NEON})
      if (wanted == u_isa_name(isa) && u_isa_supported(isa)) return isa;
    return U_ISA_SCALAR;
  }

  Instance* instances_ = nullptr;
};

}  // namespace

NODE_API_ADDON(Addon)

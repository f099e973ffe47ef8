// recurrent_check-inl.h: one instruction set's recurrent kernels, as recurrent_check.cc calls them.
#define U_KERNEL(name) static int32_t name
#include "../recurrent/recurrent-inl.h"
#undef U_KERNEL

static const Kernels kernels = {rnn_sizes, rnn_pack, rnn_forward, rnn_backward};

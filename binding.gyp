# The Node addon, by node-gyp: `npm run build:node-gyp`. CMakeLists.txt builds the same from the same source list.
{
  "targets": [
    {
      "target_name": "unrolled",
      "sources": ["<!@(node -p \"require('./native/sources.json').native.join(' ')\")"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      # node-gyp's own standard would come after ours, and win.
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "<!@(node -p \"require('./native/sources.json').flags.join(' ')\")", "-fvisibility=hidden", "-Wall", "-Wextra"
      ],
      "xcode_settings": {
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('./native/sources.json').flags.join(' ')\")"]
      },
      "conditions": [
        ["OS=='linux'", { "ldflags": ["-static-libstdc++", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL", "-s"] }]
      ]
    }
  ]
}

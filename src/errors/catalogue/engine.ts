import type { CatalogueEntry } from './entry.ts';

/** Errors of runs and steps themselves. */
export const engineErrors = {
  INVALID_INPUT: {
    meaning: 'The input of the run does not fit its schema. Every problem is listed with its place.',
    retryable: false,
    hint: 'Correct the input and start again; `gantry <domain> <verb> --help` shows an example.',
  },
  RESOURCE_BUSY: {
    meaning: 'Another run holds the lock of this resource.',
    retryable: false,
    hint: 'See the run named in the evidence with `gantry run <id>`; wait for it, or abort it.',
  },
  NEEDS_PARENT_RUN: {
    meaning: 'A run of this kind is part of a larger run, which holds the wider lock and has the approval.',
    retryable: false,
    hint: 'Start the kind that the message names. A dry run of this kind works on its own and shows its plan.',
  },
  CHANGE_FREEZE: {
    meaning: 'A change freeze of the platform file is in force.',
    retryable: false,
    hint: 'Wait for its end, or ask the owners of the platform file to change the freeze there.',
  },
  OUTSIDE_MAINTENANCE_WINDOW: {
    meaning: 'The platform file allows this kind of run only inside a maintenance window, and none is open.',
    retryable: false,
    hint: 'Start it inside the window that the evidence names.',
  },
  POLICY_UNSUPPORTED: {
    meaning:
      'The policy asks for signed approvals (two people, or `signed: true`), and the platform file declares no key to verify them with.',
    retryable: false,
    hint: 'Make a key with `gantry access signing-key`, and put its public half under `approvals.keys` of the platform file.',
  },
  PLATFORM_CHANGED: {
    meaning:
      'The platform file of the worker differs, in what it says about the target, from the file that this run was planned with.',
    retryable: false,
    hint: '`gantry retry <id>` plans again: if the plan is the same with the new file, the run goes on with that file. Otherwise `gantry abort <id>` and start again, or restart the workers with the planned file and `gantry retry <id>`.',
  },
  PLAN_CHANGED: {
    meaning:
      'With the present facts and the present platform file, the run would get a different plan than the one that it has.',
    retryable: false,
    hint: 'The message says what differs. A run that has ended: start it again and look at the new plan. A parked run: `gantry abort <id>` and start again, or restart the workers with the planned platform file and `gantry retry <id>`.',
  },
  APPROVAL_EXPIRED: {
    meaning: 'The plan was not approved within the time that the policy gives.',
    retryable: false,
    hint: 'Start the run again; it makes a new plan.',
  },
  APPROVAL_REJECTED: {
    meaning:
      'The approval was refused: it has the hash of another plan, names no approver, or the run is not waiting for one.',
    retryable: false,
    hint: 'Look at the plan with `gantry run <id>` and approve the hash that it shows.',
  },
  WRONG_STATE: {
    meaning: 'The run cannot take this request in its present state.',
    retryable: false,
    hint: 'Look at its state with `gantry run <id>`.',
  },
  PAST_NO_RETURN: {
    meaning: 'The run has passed its point of no return: it can be finished, not undone.',
    retryable: false,
    hint: 'Let it finish, or `gantry stop <id>` where it is parked; to go back, plan the reverse run.',
  },
  SKIP_REFUSED: {
    meaning: 'A step may be skipped only when an inspection finds it done, or with the accepted risk in words.',
    retryable: false,
    hint: 'Do the step by hand and skip again, or give `--accept-risk "<what is accepted>"`.',
  },
  STEP_NOT_DONE: {
    meaning: 'The step was applied, but the system does not show the result within the deadline.',
    retryable: true,
    hint: 'Look at the evidence: it is what the system showed last. Then `gantry retry <id>`.',
  },
  STEP_TIMEOUT: {
    meaning: 'The step did not end within its time, or its worker went silent.',
    retryable: true,
    hint: 'Check that a worker polls the queue (`gantry doctor`), then `gantry retry <id>`.',
  },
  DRIFTED: {
    meaning: 'What an earlier step of this run made no longer holds.',
    retryable: false,
    hint: 'Find out who changed it. `gantry retry <id>` does the step again, `gantry abort <id>` undoes the run.',
  },
  UNDO_FAILED: {
    meaning: 'Undoing a step failed for good.',
    retryable: false,
    hint: 'Fix the cause and `gantry retry <id>`, or undo it by hand and `gantry skip <id> --accept-risk "<what you did>"`.',
  },
  CHILD_NOT_DONE: {
    meaning: 'A run that this run started has ended with another outcome than `done`; its own code is in the message.',
    retryable: false,
    hint: '`gantry run <id of the child>` tells why. `gantry retry <id>` starts it again, `gantry skip <id> --accept-risk "<why it may be left out>"` goes on without it; if it is done by now, `gantry skip <id>` is enough.',
  },
  LIST_NOT_DONE: {
    meaning:
      'Some runs of a list have failed, or were not begun since too many had failed; the message counts them and names the first.',
    retryable: false,
    hint: 'Look at those that failed: `gantry run <id>`. `gantry retry <id>` runs the failed ones again and goes on with those that were not begun; `gantry skip <id> --accept-risk "<why they may be left out>"` goes on without them.',
  },
  SOAK_FAILED: {
    meaning: 'The system did not stay healthy while it was watched, or could not be read.',
    retryable: false,
    hint: 'Look at the last readings in the evidence; `gantry retry <id>` watches again.',
  },
  STOPPED_BY_OPERATOR: {
    meaning: 'The operator ended a parked run; what remains is in its report.',
    retryable: false,
    hint: 'Do by hand what the report lists as remaining.',
  },
  ATTEMPT_OUTLIVED: {
    meaning:
      'The worker was frozen for longer than the heartbeat timeout; Temporal has given the step to another attempt.',
    retryable: true,
    hint: 'Nothing to do: the next attempt goes on. If it happens often, look at the CPU and memory of the worker.',
  },
  STALE_ATTEMPT: {
    meaning: 'A later attempt has taken over: the target refused the command of this one.',
    retryable: false,
    hint: 'Nothing to do: the later attempt goes on.',
  },
  REPORT_UNREADABLE: {
    meaning: 'A published report exists but cannot be read.',
    retryable: true,
    hint: 'Look at the folder that `reports` of the platform file names: permissions, the disk, a file that is not JSON.',
  },
  LOCK_LOST: {
    meaning: 'A lock that a run holds besides its own was ended from outside: another run may work on the same target.',
    retryable: false,
    hint: 'Find out who took it over or terminated it (`gantry runs`). `gantry retry <id>` takes the lock again and looks before it acts.',
  },
  WAIT_TOO_LONG: {
    meaning: 'What a run waits for has not happened within the time that the plan gives it.',
    retryable: false,
    hint: 'The message says what the last look saw. `gantry retry <id>` waits as long again; `gantry abort <id>` ends the wait.',
  },
  GATE_FAILED: {
    meaning: 'A gate was read, and its reading says no; or it still said so at its deadline.',
    retryable: false,
    hint: 'The message has the reading. Fix what it shows, then `gantry retry <id>`: the gate is given as long again.',
  },
  GATE_INCONCLUSIVE: {
    meaning:
      'A gate had nothing to go by until its deadline: no data, data that is too old, or no answer. It counts as not passed.',
    retryable: false,
    hint: 'Find out why there is no reading; the message says what was missing. `gantry retry <id>` gives the gate as long again.',
  },
  PUBLISH_FAILED: {
    meaning: 'The report could not be written to the report store.',
    retryable: true,
    hint: 'The outcome of the run is not affected. Read its result with `gantry run <id>` before the server’s retention removes it.',
  },
  RUN_NOT_FOUND: {
    meaning: 'No run has this id on this server and namespace.',
    retryable: false,
    hint: '`gantry runs` lists the runs; check `--profile`, the address and the namespace.',
  },
  NO_SERVER: {
    meaning: 'No Temporal server answers at the configured address.',
    retryable: true,
    hint: 'Start one with `gantry dev`, or set TEMPORAL_ADDRESS or a profile in temporal.toml.',
  },
  NO_WORKER: {
    meaning: 'No worker polls the task queue: a run started now would wait.',
    retryable: true,
    hint: 'Start the workers with `gantry dev`, or look at the worker deployment.',
  },
  SETTINGS_INVALID: {
    meaning: 'An environment variable or a setting does not have the form it needs.',
    retryable: false,
    hint: 'Correct what the evidence names; docs/reference/settings.md lists them.',
  },
  SECRET_NOT_FOUND: {
    meaning: 'A secret that the platform file names is not where this worker looks for it.',
    retryable: false,
    hint: 'Set the environment variable or place the file that the evidence names, and restart the worker.',
  },
  UNEXPECTED: {
    meaning: 'Something failed in a way that the catalogue does not know; the cause is in the message.',
    retryable: true,
    hint: 'Read the cause in the evidence. If it is a bug of Gantry, report it with that evidence.',
  },
  RUN_TERMINATED: {
    meaning: 'The run was terminated, or timed out, on the server: it undid nothing and sent no notice.',
    retryable: false,
    hint: '`gantry doctor` lists what it may have left behind; clean that up, then start the run again.',
  },
  SERVER_REFUSED: {
    meaning: 'The Temporal server answers, but refuses these credentials.',
    retryable: false,
    hint: 'Check the API key or the client certificate of the profile in temporal.toml, or TEMPORAL_API_KEY.',
  },
  NAMESPACE_NOT_FOUND: {
    meaning: 'The Temporal server has no such namespace.',
    retryable: false,
    hint: 'Correct TEMPORAL_NAMESPACE, `--namespace` or the profile, or create the namespace.',
  },
  USAGE: {
    meaning: 'The command line lacks an argument or an option, or has one that the command does not know.',
    retryable: false,
    hint: '`gantry help <command>` shows what it takes; docs/reference/cli.md lists every command.',
  },
} as const satisfies Record<string, CatalogueEntry>;

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
    meaning: 'A run of this kind is a part of another one, which holds the wider lock and has the approval.',
    retryable: false,
    hint: 'Start the kind that the message names; a dry run of this one shows its plan without it.',
  },
  CHANGE_FREEZE: {
    meaning: 'A change freeze of the platform file is in force.',
    retryable: false,
    hint: 'Wait for its end, or have the freeze changed in the platform file by those who own it.',
  },
  OUTSIDE_MAINTENANCE_WINDOW: {
    meaning: 'The platform file allows this kind of run only inside a maintenance window, and none is open.',
    retryable: false,
    hint: 'Start it inside the window that the evidence names.',
  },
  POLICY_UNSUPPORTED: {
    meaning: 'The approval policy asks for two people, which needs approvals signed by the HTTP API.',
    retryable: false,
    hint: 'Use a policy with one approver for this kind until the API can sign approvals.',
  },
  PLATFORM_CHANGED: {
    meaning: 'The worker has another platform file than the one this run was planned with.',
    retryable: false,
    hint: 'Compare the files; restart the workers with the planned one and `gantry retry`, or abort and start again.',
  },
  PLAN_CHANGED: {
    meaning: 'The facts changed between the plan and its approval, so that the approved plan is no longer the plan.',
    retryable: false,
    hint: 'Start the run again and look at the new plan.',
  },
  APPROVAL_EXPIRED: {
    meaning: 'Nobody approved the plan within the time that the policy gives.',
    retryable: false,
    hint: 'Start the run again; the plan is made anew.',
  },
  APPROVAL_REJECTED: {
    meaning: 'The approval does not fit: another plan hash, no approver named, or the run is not waiting for one.',
    retryable: false,
    hint: 'Look at the plan with `gantry run <id>` and approve the hash that it shows.',
  },
  WRONG_STATE: {
    meaning: 'The run is in a state in which this request means nothing.',
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
    hint: 'Find who changed it. `gantry retry <id>` makes the step anew, `gantry abort <id>` undoes the run.',
  },
  UNDO_FAILED: {
    meaning: 'Undoing a step failed for good.',
    retryable: false,
    hint: 'Mend the cause and `gantry retry <id>`, or undo by hand and `gantry skip <id> --accept-risk "<what you did>"`.',
  },
  CHILD_NOT_DONE: {
    meaning: 'A run that this run started has ended otherwise than done; its own code is in the message.',
    retryable: false,
    hint: '`gantry run <id of the child>` tells why. `gantry retry <id>` starts it anew, `gantry skip <id> --accept-risk "<why it may be left out>"` goes on without it; the words are not needed if it is done by now.',
  },
  SOAK_FAILED: {
    meaning: 'The system did not stay healthy while it was watched, or gave no reading.',
    retryable: false,
    hint: 'Look at the last readings in the evidence; `gantry retry <id>` watches again.',
  },
  STOPPED_BY_OPERATOR: {
    meaning: 'The operator ended a parked run; what remains is in its report.',
    retryable: false,
    hint: 'Do by hand what the report lists as remaining.',
  },
  ATTEMPT_OUTLIVED: {
    meaning: 'The worker stood still for longer than the heartbeat timeout; its attempt has been given to another one.',
    retryable: true,
    hint: 'Nothing to do: the next attempt goes on. If it happens often, look at the CPU and memory of the worker.',
  },
  STALE_ATTEMPT: {
    meaning: 'A later attempt has taken over: the target refused the act of this one.',
    retryable: false,
    hint: 'Nothing to do: the later attempt goes on.',
  },
  REPORT_UNREADABLE: {
    meaning: 'A published report is there and can not be read.',
    retryable: true,
    hint: 'Look at the folder that `reports` of the platform file names: permissions, the disk, a file that is no JSON.',
  },
  PUBLISH_FAILED: {
    meaning: 'The report could not be written to the report store.',
    retryable: true,
    hint: 'The run ended as its outcome says. Read its result with `gantry run <id>` before the server forgets it.',
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
    meaning: 'Something failed in a way the catalogue does not know; the cause is in the message.',
    retryable: true,
    hint: 'Read the cause in the evidence. If it is a mistake of Gantry, report it with that evidence.',
  },
  RUN_TERMINATED: {
    meaning: 'The run was terminated, or timed out, on the server: it undid nothing and told nobody.',
    retryable: false,
    hint: '`gantry doctor` lists what it may have left behind; mend that, then start the run again.',
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
    meaning: 'The command line lacks something, or has something that the command does not know.',
    retryable: false,
    hint: '`gantry help <command>` shows what it takes; docs/reference/cli.md lists every command.',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** Imported before all else: a sweep is run on a machine that other work uses, and a bound is for what hangs (vitest.config.ts). */
process.env['GANTRY_PATIENCE'] ??= '12';

// What of pino-roll is used here: the package has no types of its own.
declare module 'pino-roll' {
  import type { pino } from 'pino';

  export interface RollingOptions {
    readonly file: string;
    /** With its unit: 50m. */
    readonly size: string;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    readonly mkdir: boolean;
    readonly mode: number;
    readonly sync: boolean;
    readonly maxLength: number;
  }
  export default function open(
    options: RollingOptions,
  ): Promise<ReturnType<typeof pino.destination>>;
}

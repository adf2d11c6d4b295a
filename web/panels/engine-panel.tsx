// The process itself and where its records also go.
import type { StatusReply } from '../../src/control/contract.js';
import type { HistoryPoint } from '../../src/runtime/views.js';
import { countText, megabytesText, momentText, NOTHING } from '../figures/figures.js';
import { Nothing, Panel } from './panel.js';

export interface EnginePanelProps {
  readonly reply: StatusReply;
  readonly newest: HistoryPoint | undefined;
  readonly nowMs: number;
}

export function EnginePanel({ reply, newest, nowMs }: EnginePanelProps) {
  return (
    <Panel id="engine" title="Engine and sinks">
      <table class="figures">
        <tbody>
          <tr>
            <th scope="row">version</th>
            <td>{reply.version}</td>
          </tr>
          <tr>
            <th scope="row">process</th>
            <td>{reply.pid}</td>
          </tr>
          <tr>
            <th scope="row">started</th>
            <td>{momentText(reply.startedAtMs, nowMs)}</td>
          </tr>
          <tr>
            <th scope="row">memory</th>
            <td>{newest === undefined ? NOTHING : megabytesText(newest.rssBytes)}</td>
          </tr>
          <tr>
            <th scope="row">pairs · exposed</th>
            <td>
              {countText(reply.status.pairs)} · {countText(reply.status.exposed)}
            </td>
          </tr>
        </tbody>
      </table>
      <h3>Sinks</h3>
      {reply.sinks.length === 0 ? (
        <Nothing>None: everything is in the journal alone.</Nothing>
      ) : (
        <ul class="sinks">
          {reply.sinks.map((sink) => (
            <li key={sink.name}>
              <b class={sink.state === 'up' ? 'ink-good' : 'ink-bad'}>{sink.state}</b> {sink.name}
              <span>{sink.lagRows === 0 ? 'level' : `${countText(sink.lagRows)} rows behind`}</span>
              {sink.why !== undefined && <small>{sink.why}</small>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

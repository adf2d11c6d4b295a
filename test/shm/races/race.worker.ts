// The entry of every race thread: picks its role, runs it, hands the tally back.
import { parentPort, workerData } from 'node:worker_threads';
import { byteConsumer, byteProducer } from './byte-ring-race.js';
import { depthReader, depthWriter, sizeReader, sizeWriter } from './depth-race.js';
import { detector, lockstepDetector, lockstepMarker, marker } from './doorbell-race.js';
import { purseTaker, purseWatcher } from './purse-race.js';
import { quoteReader, quoteWriter } from './quote-race.js';
import { loopConsumer, ringConsumer, ringProducer } from './ring-race.js';
import type { RaceInput, Role } from './role.js';
import { trustReader, trustWriter } from './trust-race.js';

const ROLES: Readonly<Record<string, Role>> = {
  quoteWriter,
  quoteReader,
  trustWriter,
  trustReader,
  depthWriter,
  sizeReader,
  sizeWriter,
  depthReader,
  ringProducer,
  ringConsumer,
  loopConsumer,
  byteProducer,
  byteConsumer,
  marker,
  detector,
  lockstepMarker,
  lockstepDetector,
  purseTaker,
  purseWatcher,
};

const input = workerData as RaceInput;
const role = ROLES[input.role];
if (role === undefined) throw new Error(`unknown role: role=${input.role}`);
parentPort?.postMessage(await role(input));

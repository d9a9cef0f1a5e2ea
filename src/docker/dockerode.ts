// SPDX-License-Identifier: GPL-3.0-or-later
import { createRequire, Module } from 'node:module';
import type Dockerode from 'dockerode';

/** `require` from the point of view of a module. */
type Require = ReturnType<typeof createRequire>;

/**
 * The client of the Engine API. It loads gRPC (for BuildKit) and SSH (for a `DOCKER_HOST` with ssh://) only when they are
 * used: they have 150 files, which every worker and every command would read at its start.
 */
export const Docker = loadDockerode();

function loadDockerode(): typeof Dockerode {
  const ours = createRequire(import.meta.url);
  const inDockerode = createRequire(ours.resolve('dockerode'));
  const inModem = createRequire(inDockerode.resolve('docker-modem'));
  using _grpc = standIn(inDockerode, '@grpc/grpc-js', onUse);
  using _loader = standIn(inDockerode, '@grpc/proto-loader', onUse);
  using _ssh = standIn(inModem, 'ssh2', (load) => ({ Client: constructorOnUse(load, 'Client') }));
  return ours('dockerode') as typeof Dockerode;
}

/**
 * Replaces a module until the result is disposed of. A module that is already loaded stays. A missing module is ignored, because
 * another version of the client may not need it.
 */
function standIn(require: Require, name: string, exportsFor: (load: () => object) => object): Disposable {
  const file = resolved(require, name);
  if (file === undefined || require.cache[file] !== undefined) return { [Symbol.dispose]: () => undefined };
  const module = new Module(file);
  module.exports = exportsFor(() => require(name) as object);
  module.loaded = true;
  require.cache[file] = module;
  return {
    [Symbol.dispose]: () => {
      Reflect.deleteProperty(require.cache, file);
    },
  };
}

function resolved(require: Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** Exports of a module that is loaded when one of them is used. */
function onUse(load: () => object): object {
  return new Proxy({}, { get: (_, name): unknown => Reflect.get(load(), name) });
}

/** A class of a module that is loaded when the class is instantiated. */
function constructorOnUse(load: () => object, name: string): object {
  return new Proxy(Object, {
    construct: (_, args: unknown[]): object => new (Reflect.get(load(), name) as new (...args: unknown[]) => object)(...args),
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import Docker, { type ContainerInfo } from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { Project } from '../support/cli.ts';
import { projectFiles } from './project.ts';

/** A testbed of `alpy up` that no fault may touch. */
export class Bystander implements AsyncDisposable {
  readonly #project: Project;
  readonly #env: Readonly<Record<string, string>>;
  readonly #docker = new Docker();
  #before: readonly string[] = [];

  private constructor(project: Project, env: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#env = { ...env, ALPY_JOB_ID: `faults-bystander-${process.pid}` };
  }

  /** @param env - environment of its commands */
  static async open(env: Readonly<Record<string, string>>): Promise<Bystander> {
    const bystander = new Bystander(await Project.create(projectFiles({})), env);
    try {
      await bystander.#command('up');
      await bystander.#command('console', 'run', 'ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up');
      await bystander.#command('configure', 'node0', '--address', '10.0.0.1/24');
      bystander.#before = await bystander.#containers();
    } catch (error) {
      await bystander[Symbol.asyncDispose]();
      throw error;
    }
    return bystander;
  }

  /** What has happened to it: nothing if its containers are the same and its guest answers. */
  async disturbances(): Promise<readonly string[]> {
    const [now, problem] = await Promise.all([
      this.#containers(),
      this.#ping().then(
        () => [],
        (error: unknown) => [`the other testbed does not answer: ${String(error)}`],
      ),
    ]);
    const isSame = now.length === this.#before.length && now.every((one) => this.#before.includes(one));
    return [
      ...(isSame ? [] : [`the containers of the other testbed were ${this.#before.join(', ')}, now ${now.join(', ')}`]),
      ...problem,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#project.run(['down'], this.#env);
    await this.#project[Symbol.asyncDispose]();
  }

  /** @throws Error when the command fails */
  async #command(...args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.#project.run(args, this.#env);
    if (status !== 0) throw new Error(`alpy ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  }

  /** Pings its guest from its node. `alpy exec` would do the same in a second of computing. @throws Error if there is no answer */
  async #ping(): Promise<void> {
    const node = (await this.#list()).find(({ Names }) => Names.some((name) => name.endsWith('-node0')));
    if (!node) throw new Error('its node is gone');
    const Cmd = ['ping', '-c', '1', '-W', '8', '10.0.0.2'];
    const exec = await this.#docker.getContainer(node.Id).exec({ Cmd, AttachStdout: true, User: '0' });
    const output = await exec.start({});
    output.resume();
    await once(output, 'end');
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new Error(`ping ended with ${ExitCode}`);
  }

  async #list(): Promise<readonly ContainerInfo[]> {
    const filters = { label: [`${jobLabel}=${this.#env['ALPY_JOB_ID']}`] };
    return await this.#docker.listContainers({ all: true, filters });
  }

  async #containers(): Promise<readonly string[]> {
    const found = await this.#list();
    return found.map(({ Id, Names, State }) => `${Names.join(' ')} ${Id.slice(0, 12)} ${State}`).sort();
  }
}

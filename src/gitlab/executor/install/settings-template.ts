// SPDX-License-Identifier: GPL-3.0-or-later

/** The file that `alpy executor install` writes: the driver's default settings with explanations. */
export const settingsTemplate = `# Settings of alpy's driver for GitLab Runner's custom executor. Every stage of a job reads this file. Jobs cannot change it.
# A key behind a # shows its default or an example.

# Folder for builds, caches, snapshots and the state of jobs. The Docker daemon must see it under the same path. Keep it short: it
# contains sockets, whose paths may have at most 107 bytes.
root: /var/lib/alpy

# Appliances that jobs may choose with the variable ALPY_APPLIANCE. Each may have the keys appliance, topology and boot of alpy.yaml.
# Paths are relative to the folder of this file.
appliances: {}
#  router:
#    appliance:
#      name: router
#      image: /srv/images/router.qcow2
#      memoryMiB: 512
#      login: { user: root, password: secret, shellPrompt: '/[#$] $/' }
#    topology: { links: 2 }

# Folders whose disk images jobs may use, besides those in their own project.
#imageFolders: [/srv/images]

images:
  # Container image of jobs that name none. Default: alpy's image traffic.
  #default: registry.example.com/tools:1

  # Images that jobs and their services may use: * stands for anything but /, ** for anything.
  allow: []
  #  - docker.io/library/alpine:*
  #  - registry.example.com/**

# Locations of alpy's own images, like images in alpy.yaml.
#alpyImages: { registry: registry.example.com/group/alpy, tag: 0.1.0 }

# Variables of jobs that git and gitlab-runner on this machine get, besides those that they need: * stands for anything. The
# container of a job gets all of its variables. Do not name variables that make programs here run or load something.
variables:
  allow: []
  #  - LANG

# What a job may use.
limits:
  memoryMiB: 4096 # of a guest
  cpus: 4 # of a guest
  links: 8 # of a testbed
  jobMemoryMiB: 2048 # of the container of its scripts, and of each of its services
  jobPids: 2048 # processes and threads in each of these containers
  capabilities: [] # that jobs may ask for with the variable ALPY_CAPABILITIES, such as [NET_BROADCAST, SYS_NICE]
  uplinks: [] # networks of Docker through which nodes may reach the outside, such as [bridge]; see docs/security.md

# How much of the disk snapshots may take, in MiB. The least recently used ones are removed first.
snapshotsMiB: 8192

# How long a testbed may run after its job's timeout, in seconds, if cleanup has not run, for example because GitLab Runner died.
# This gives jobs no extra time: to leave time for after_script and artifacts, jobs set RUNNER_SCRIPT_TIMEOUT.
graceSeconds: 600

# How much of the disk captures and logs of jobs that were stopped before the upload may take, in MiB. They are in root/kept. The
# oldest are removed first. 0 keeps none.
keptMiB: 1024

# Whether jobs may set QEMU arguments, hooks, and variables and options that run programs on this machine. Enable it only if everybody
# who can start a pipeline may do everything on this machine.
trustJobs: false
`;

// SPDX-License-Identifier: GPL-3.0-or-later

/** What `alpy executor install` writes as the driver's settings: the defaults, each with what it means. */
export const settingsTemplate = `# Settings of alpy's driver for GitLab Runner's custom executor. They are read anew for every stage of a job.
# Jobs cannot change them. A key that is behind a # has the value that stands there.

# Folder for builds, caches, snapshots and the state of jobs. The Docker daemon has to see it under the same path. Short: sockets
# lie below it, and their paths may have 107 bytes.
root: /var/lib/alpy

# Appliances that a job may choose by the variable ALPY_APPLIANCE. Each has what alpy.yaml may have under appliance, topology and
# boot. Paths count from the folder of this file.
appliances: {}
#  router:
#    appliance:
#      name: router
#      image: /srv/images/router.qcow2
#      memoryMiB: 512
#      login: { user: root, password: secret, shellPrompt: '/[#$] $/' }
#    topology: { links: 2 }

# Folders whose disk images a job may name, besides those in its own project.
#imageFolders: [/srv/images]

images:
  # Container image of jobs that name none. Absent: traffic of alpy.
  #default: registry.example.com/tools:1

  # Images that jobs and their services may name: * stands for anything but /, ** for anything.
  allow: []
  #  - docker.io/library/alpine:*
  #  - registry.example.com/**

# Where alpy's own images are, as images in alpy.yaml.
#alpyImages: { registry: registry.example.com/group/alpy, tag: 0.1.0 }

# Variables of jobs that git and gitlab-runner on this machine get, besides those that they need: * stands for anything. The
# container of a job gets all of its variables. Name none that has a program here run or load something.
variables:
  allow: []
  #  - LANG

# What a job may ask for.
limits:
  memoryMiB: 4096 # of a guest
  cpus: 4 # of a guest
  links: 8 # of a testbed

# How much of the disk snapshots may take, in MiB. Those used longest ago go first.
snapshotsMiB: 8192

# How long after the time-out of its job a testbed ends by itself, in seconds, if nobody has cleaned up, such as when GitLab Runner
# has died. It gives a job no time: for after_script and artifacts, jobs set RUNNER_SCRIPT_TIMEOUT.
graceSeconds: 600

# How much of the disk captures and logs may take, in MiB, whose job was stopped before they could be uploaded. They lie in
# root/kept; the oldest go first. 0: none are kept.
keptMiB: 1024

# Whether jobs may give arguments of QEMU, hooks, and variables and options that run programs on this machine. Only where all
# who can start a pipeline may do everything on this machine.
trustJobs: false
`;

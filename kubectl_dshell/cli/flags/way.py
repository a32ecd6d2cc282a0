"""The flags that choose how `kubectl dshell POD` reaches the app: by joining it, or beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell.cli.flags.parsing import Options, parsed, switch
from kubectl_dshell.cli.flags.session import SESSION

if TYPE_CHECKING:
    from kubectl_dshell.cli.flags.session import SessionFlags


_LONGEST_WAIT = 600  # seconds: the kubelet's longest back-off is 5 minutes


class WayFlags(Options):
    """What of the app a session has, and where."""

    app_image: bool = parsed(
        switch(
            "--app-image",
            group=SESSION,
            help="Start the shell or COMMAND in a new container of the app's own image, with its volumes and "
            "variables: the app's programs run, and absolute paths are the image's. The tools are those of --image.",
        )
    )
    chroot: bool = parsed(
        switch(
            "--chroot",
            group=SESSION,
            help="Make the app's live root directory that of the shell or COMMAND; the app has to be root with "
            "SYS_CHROOT.",
        )
    )
    target_env: bool = parsed(
        switch(
            "--target-env",
            group=SESSION,
            help="Give the shell or COMMAND the app's variables, except PATH and LD_*; nothing of them is printed or "
            "stored.",
        )
    )
    trace: bool = parsed(
        switch(
            "--trace",
            group=SESSION,
            help="For gdb, strace and profilers: say if they cannot attach to the app, and why; root gets SYS_PTRACE.",
        )
    )
    copy: bool = parsed(
        switch(
            "--copy",
            group=SESSION,
            help="Create a pod beside POD with the container's image, volumes, variables and user, start the shell or "
            "COMMAND there, and delete it afterwards: for a container that does not run.",
        )
    )
    volumes: bool = parsed(
        switch(
            "--volumes",
            group=SESSION,
            help="Start the shell or COMMAND in the debug image with the container's volumes at their own paths, as "
            "its user, without joining it: for a container that does not run, in a pod that does.",
        )
    )
    wait_for_start: bool = parsed(
        switch(
            "--wait-for-start",
            group=SESSION,
            help="If the container does not run, wait for its next start (10 minutes, or --timeout) and enter it then.",
        )
    )
    copy_service_account: bool = parsed(
        switch(
            "--copy-service-account",
            group=SESSION,
            help="With --copy: use the pod's service account, with its token; default: none.",
        )
    )

    @property
    def words(self) -> str:
        """The flags to type again, each after a blank."""
        return (
            " --app-image" * self.app_image
            + " --chroot" * self.chroot
            + " --trace" * self.trace
            + " --volumes" * self.volumes
            + " --wait-for-start" * self.wait_for_start
            + (" --copy" * self.copy + " --copy-service-account" * self.copy_service_account)
        )

    @property
    def of_a_pod_that_is_down(self) -> str:
        """The flag that asks for something which a workload's healthy pods do not need, or nothing."""
        flags = {"--copy": self.copy, "--volumes": self.volumes, "--wait-for-start": self.wait_for_start}
        return next((flag for flag, given in flags.items() if given), "")

    def wait_seconds(self, timeout: int) -> int:
        """How long to wait for a start; 0: not at all. `timeout`: --timeout, whose default is for debug containers."""
        if not self.wait_for_start:
            return 0
        return timeout if "timeout" in self.given.typed else _LONGEST_WAIT

    def check(self, session: SessionFlags, *, many: bool, named: bool) -> None:
        """Raises click.UsageError for flags that contradict each other, or `session`.

        `many`: for many pods; `named`: with --name.
        """
        if self.app_image and self.chroot:
            raise click.UsageError(
                "--chroot is for the app's live files and --app-image for its image; use one of them"
            )
        if self.app_image and self.trace:
            raise click.UsageError("--trace is for debuggers in --image, and --app-image for the app's own programs")
        if self.copy_service_account and not self.copy:
            raise click.UsageError("--copy-service-account needs --copy")
        if self.copy and many:
            raise click.UsageError("--copy needs exactly one pod")
        if self.volumes and many:
            raise click.UsageError("--volumes needs exactly one pod")
        if self.wait_for_start and many:
            raise click.UsageError("--wait-for-start needs exactly one pod")
        if self.wait_for_start and (self.copy or self.volumes):
            flag = "--copy" if self.copy else "--volumes"
            raise click.UsageError(f"--wait-for-start cannot be used with {flag}, which needs no running container")
        if self.copy:
            self._check_copy(session, named=named)
        if self.volumes:
            self._check_volumes()

    def _check_copy(self, session: SessionFlags, *, named: bool) -> None:
        others = {
            "--app-image": self.app_image,
            "--chroot": self.chroot,
            "--keep": session.keep and "keep" in session.given.typed,
            "--name": named,
            "--new": session.new,
            "--target-env": self.target_env,
            "--trace": self.trace,
            "--volumes": self.volumes,
        }
        if given := [flag for flag, value in others.items() if value]:
            raise click.UsageError(
                f"--copy cannot be used with {', '.join(given)}: a copy is always new, is deleted when its "
                "session ends, and contains no process of the app"
            )

    def _check_volumes(self) -> None:
        others = {
            "--app-image": self.app_image,
            "--chroot": self.chroot,
            "--target-env": self.target_env,
            "--trace": self.trace,
        }
        if given := [flag for flag, value in others.items() if value]:
            raise click.UsageError(
                f"--volumes cannot be used with {', '.join(given)}: it has the container's volumes, but none of its "
                "processes, image or environment variables"
            )

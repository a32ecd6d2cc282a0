"""`kubectl dshell doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.diagnosis import DoctorOptions
from kubectl_dshell.cli.flags.parsing import verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.domain.config.values import Colour
    from kubectl_dshell.domain.diagnosis.check import Checkup


@verb("doctor", DoctorOptions)
def doctor_command(options: DoctorOptions) -> int:
    """Check what sessions in a namespace need, and say how to fix what is missing.

    Checks the kubeconfig, versions, features, WebSockets, permissions (and prints the Role that is missing), Pod
    Security, the debug image and the clock. What the cluster does not tell you is unknown. Nothing is added to the
    cluster. The exit code is 69 if a check failed, else 0.
    The fields of -o json are documented in docs/json.md.
    """
    options.check()
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.commands.diagnosis.doctor import no_connection
    from kubectl_dshell.errors import BadConfig, ExitStatus
    from kubectl_dshell.output.diagnosis.checkup import format_checkup, format_lines, summary
    from kubectl_dshell.output.diagnosis.paint import painter, stdout_width
    from kubectl_dshell.output.notices import Notices

    configuration = Configuration()
    try:
        found, colour = _examined(options, configuration)
    except BadConfig as error:
        found, colour = no_connection(error), configuration.colour("", None)
    if options.output is Format.JSON or options.output is Format.YAML:
        write_data(format_checkup(found, options.output))
    else:
        write_data(format_lines(found, stdout_width(), painter(colour)))
        Notices(quiet=options.quiet).notice(summary(found))
    return int(ExitStatus.UNAVAILABLE if found.failed else ExitStatus.OK)


def _examined(options: DoctorOptions, configuration: Configuration) -> tuple[Checkup, Colour | None]:
    from kubectl_dshell.cli.wiring import ports_and_api
    from kubectl_dshell.commands.diagnosis.doctor import DoctorRequest, examine
    from kubectl_dshell.kube.connection.origin import origin
    from kubectl_dshell.kube.inspection import Inspection

    flags = options.connection
    with ports_and_api(flags, options.namespace, quiet=options.quiet) as (bound, api):
        at = api.connection
        request = DoctorRequest(
            namespace=at.namespace,
            origin=origin(at, flags.to_options(options.namespace), os.environ),
            server=at.server,
            image=configuration.apply(options, at.context, at.namespace).image,
        )
        return examine(request, bound, Inspection(api)), configuration.colour(at.context, at.namespace)

"""Prints what a shared library asks of the system that loads it, as JSON: ELF, Mach-O or PE."""

import json
import sys

import lief

binary = lief.parse(sys.argv[1])
answer = {"format": binary.format.name, "libraries": sorted(str(each) for each in binary.libraries)}
if isinstance(binary, lief.ELF.Binary):
    answer["machine"] = binary.header.machine_type.name
    answer["versions"] = sorted({need.name for entry in binary.symbols_version_requirement for need in entry.get_auxiliary_symbols()})
elif isinstance(binary, lief.MachO.Binary):
    answer["machine"] = binary.header.cpu_type.name
    answer["libraries"] = sorted(each.name for each in binary.libraries if each.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB)
    versions = binary.build_version.minos if binary.has_build_version else binary.version_min.version
    answer["minimum"] = ".".join(map(str, versions[:2]))
else:
    answer["machine"] = binary.header.machine.name
    answer["libraries"] = sorted({each.name.lower() for each in binary.imports})
    header = binary.optional_header
    answer["minimum"] = f"{header.major_subsystem_version}.{header.minor_subsystem_version}"
print(json.dumps(answer))

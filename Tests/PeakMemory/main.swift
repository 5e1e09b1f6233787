// peak-memory PROGRAM WORD…: runs a program, prints the most memory that it or a descendant had, in bytes, and ends as
// the program did. Tests can't ask for this themselves: the system counts a child's memory from before it became another
// program, when it was a copy of the tests.

import Console
import Glibc
import Transport

let words = Array(CommandLine.arguments.dropFirst())
guard let program = words.first,
    let child = ChildProgram.start(program, Array(words.dropFirst()), environment: environmentList()),
    let (end, peak) = child.endAndPeak(0)
else { exit(127) }
print(peak)
switch end {
case .exited(let code): exit(code)
case .killed(let signal): exit(128 + signal)
case .outOfTime: exit(128 + SIGKILL)
}

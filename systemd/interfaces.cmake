# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DDAEMON=FILE -DINTO=DIRECTORY -P interfaces.cmake: the interfaces of the daemon, one XML file each.
execute_process(COMMAND ${DAEMON} --print interfaces OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" names "${names}")
file(REMOVE_RECURSE ${INTO})
file(MAKE_DIRECTORY ${INTO})
foreach(name ${names})
  execute_process(COMMAND ${DAEMON} --print ${name} OUTPUT_FILE ${INTO}/${name}.xml COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(TOUCH ${INTO}/stamp)

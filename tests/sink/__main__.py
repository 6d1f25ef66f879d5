from tests.sink.process import main

main()
